"""The report: a page in a single file, which needs no server and no network."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from mnistmlp.arrays import DIGITS
from mnistmlp.atomic import atomic_write
from mnistmlp.brains.facts import describe_brain
from mnistmlp.core.calibration import measure_selection
from mnistmlp.core.metrics import Evaluation
from mnistmlp.core.notebook import shade
from mnistmlp.data.datasets import Dataset
from mnistmlp.exchange import html
from mnistmlp.exchange.webpage import embed_json, make_policy
from mnistmlp.report.comparison import Pair, compare, list_readers
from mnistmlp.report.curves import trace_curves
from mnistmlp.report.extra import check_extra
from mnistmlp.report.images import describe_images, select_images
from mnistmlp.report.names import make_legible
from mnistmlp.report.neurons import Neurons, rank_neurons
from mnistmlp.report.page_charts import chart_confidence, chart_learning
from mnistmlp.report.subject import Subject
from mnistmlp.training.recipes import GUESSING
from mnistmlp.version import __version__

SOURCES = resources.files(__package__) / "template"
SECTIONS = {
    "training": "Training",
    "confusion": "Confusion",
    "images": "Images",
    "confidence": "Confidence",
    "layer": "First layer",
}
NEURONS, IMAGES_EACH = 100, 12  # shown at most: of all brains together, and per neuron
REJECT = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)  # confidence below which a digit is rejected
UNTIMED: Mapping[int, float] = {}
DRAWN = {"accuracy by epoch", "loss by epoch"}  # facts shown as charts


def write_report(
    path: Path, subject: Subject, data: Dataset, seconds: Mapping[int, float] = UNTIMED
) -> None:
    """Write a report; an existing file stays until the new one is complete.

    Parameters
    ----------
    path : Path
    subject : Subject
    data : Dataset
        What it was evaluated on.
    seconds : mapping of int to float, optional
        How long its brains took to train, by index, as far as known.

    Raises
    ------
    MissingExtraError
        If a required package is not installed.
    WriteError
        If the file cannot be written.
    """
    page = make_report(subject, data, seconds).encode()
    with atomic_write(path) as file:
        file.write(page)


def make_report(subject: Subject, data: Dataset, seconds: Mapping[int, float] = UNTIMED) -> str:
    """Return the HTML of a report on a brain or a committee on a data set."""
    check_extra()
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_finalize)
    environment.filters |= {"percent": "{:.2%}".format, "thousands": "{:,}".format}
    script = _read_source("report.js")
    style = (html.SOURCES / "theme.css").read_text("utf-8") + _read_source("report.css")
    template = environment.from_string(_read_source("report.html"))
    return template.render(
        **_collect(subject, data, seconds),
        policy=make_policy(script),
        generator=f"mnistmlp {__version__}",
        style=Markup(style),
        script=Markup(script),
    )


def _read_source(name: str) -> str:
    return (SOURCES / name).read_text(encoding="utf-8")


def _finalize(value: Any) -> Any:
    """Return a value as the page shows it, before escaping."""
    return make_legible(value) if type(value) is str else value


def _collect(subject: Subject, data: Dataset, seconds: Mapping[int, float]) -> dict[str, Any]:
    """Return what the template and the script show."""
    from markupsafe import Markup

    result, readers = subject.result, list_readers(subject)
    limit = max(NEURONS // len(subject.brains), 1)
    layers = [
        rank_neurons(each.network, data.images, limit, IMAGES_EACH) for each in subject.brains
    ]
    chosen = select_images(result, readers, layers)
    pairs = compare(readers)
    curves = list(map(trace_curves, subject.names, subject.brains))
    return {
        "title": subject.title,
        "names": subject.names,
        "images": f"{data.name} {data.split}",
        "sections": [*([("comparison", "Side by side")] if readers else []), *SECTIONS.items()],
        "result": result,
        "guessing": result.accuracy < GUESSING,
        "losses": _name_losses(subject),
        "calibration": _describe_calibration(result),
        "readers": readers,
        "pairs": pairs,
        "learning_curves": chart_learning(
            [each for each in curves if each], {each.network.loss for each in subject.brains}
        ),
        "without_history": [
            name for name, each in zip(subject.names, curves, strict=True) if not each
        ],
        "facts": _tabulate_facts(subject, seconds),
        **_name_classes(result),
        "matrix": _shade_matrix(result),
        "choices": _list_choices(result, pairs),
        "confidence_charts": chart_confidence(
            [(each.name, each.result) for each in readers] or [(subject.title, result)]
        ),
        "rejection": _tabulate_rejection(result),
        "headings": [_head(*each) for each in zip(subject.names, layers, strict=True)],
        "data": Markup(embed_json(describe_images(chosen, data.images, result, readers, layers))),
    }


def _name_classes(result: Evaluation) -> dict[str, Any]:
    """Return the names of the classes, what they are, and a sentence about the most confused."""
    confused = result.describe_confusion()
    return {
        "kind": "class" if result.class_names else "digit",
        "labels": list(map(result.name, range(DIGITS))),
        "confused": f"{confused[0].upper()}{confused[1:]}.",
    }


def _name_losses(subject: Subject) -> list[str]:
    """Return the loss function of each brain by name, and a committee's last."""
    names = [each.network.loss for each in subject.brains]
    return names if len(names) == 1 else [*names, "cross-entropy"]


def _describe_calibration(result: Evaluation) -> str:
    if not result.calibrated:
        return "not calibrated"
    return f"{result.calibration_error_before:.2%} before calibration"


def _tabulate_facts(subject: Subject, seconds: Mapping[int, float]) -> list[tuple[str, list[str]]]:
    """Return the facts about each brain: a row for each fact that any of them has."""
    columns = []
    for place, brain in enumerate(subject.brains):
        sections = describe_brain(brain.network, brain.current_meta).values()
        column = {name: text for facts in sections for name, text in facts.items()}
        time = {"training time": f"{seconds[place]:.1f} s"} if place in seconds else {}
        columns.append(column | time)
    names = dict.fromkeys(name for column in columns for name in column if name not in DRAWN)
    rows = [(name.replace("_", " "), [column.get(name) for column in columns]) for name in names]
    return [
        (name, ["" if value is None else str(value) for value in values])
        for name, values in rows
        if any(value is not None for value in values)
    ]


def _shade_matrix(result: Evaluation) -> list[list[dict[str, Any]]]:
    """Return the count and the shade of each cell of the confusion matrix."""
    return [
        [
            {"count": int(count), "strength": shade(count / max(row.sum(), 1), actual == predicted)}
            for predicted, count in enumerate(row)
        ]
        for actual, row in enumerate(result.confusion)
    ]


def _list_choices(result: Evaluation, pairs: list[Pair]) -> list[tuple[str, str]]:
    """Return the kinds of images that can be shown: the script's key and the label."""
    choices = [("misread", "misread"), ("right", "read right")]
    if pairs:
        choices.append(("differ", "answers differ"))
    for pair in pairs:
        for one, other in ((0, 1), (1, 0)):
            name, against = pair.names[one], pair.names[other]
            choices.append((pair.keys[one], f"right by {name}, misread by {against}"))
    return choices


def _tabulate_rejection(result: Evaluation) -> list[dict[str, Any]]:
    """Return coverage and accuracy if digits of low confidence are rejected."""
    selection = measure_selection(result.confidences, result.right)
    rows = []
    for threshold in REJECT:
        coverage, accuracy = selection.at(threshold)
        rejected = result.images - round(coverage * result.images)
        rows.append(
            {
                "threshold": threshold,
                "rejected": rejected,
                "coverage": coverage,
                "accuracy": accuracy,
            }
        )
    return rows


def _head(name: str, layer: Neurons) -> str:
    shown = len(layer.indices)
    part = f"the {shown} most used of" if shown < layer.count else "all"
    return f"{name}: {part} {layer.count:,} neurons"
