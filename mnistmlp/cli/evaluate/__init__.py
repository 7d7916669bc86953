"""``mnistmlp evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnistmlp import blas
from mnistmlp.cli import console, options
from mnistmlp.cli.brains import DEFAULT_BRAIN, Brains, load_classifier
from mnistmlp.cli.data import choose_dataset, open_dataset, warn_of_other_classes
from mnistmlp.cli.evaluate.mistakes import draw_worst, list_mistakes
from mnistmlp.cli.evaluate.plots import check_plots, make_plots
from mnistmlp.cli.evaluate.report import check_report, make_report, time_training
from mnistmlp.cli.evaluate.tables import make_document, make_tables
from mnistmlp.errors import SettingError
from mnistmlp.report.subject import Subject
from mnistmlp.training.recipes import GUESSING

if TYPE_CHECKING:
    from mnistmlp.core.metrics import Evaluation

BELOW_THRESHOLD = 3  # exit code

EXAMPLES = (
    ("Evaluate on the test set", "mnistmlp evaluate brain.npz"),
    ("Look at the most confident mistakes", "mnistmlp evaluate brain.npz --mistakes --show"),
    (
        "Evaluate three networks as a committee, and write a report",
        "mnistmlp evaluate brain-0.npz brain-1.npz brain-2.npz --report report.html",
    ),
)


def evaluate(
    brains: Brains = None,
    split: options.SplitName = "test",
    fail_under: Annotated[
        float | None,
        typer.Option(
            parser=options.number(0, 1),
            metavar="ACCURACY",
            help="Exit with code 3 if the accuracy is below this, such as 0.98.",
            rich_help_panel="Essentials",
        ),
    ] = None,
    mistakes: Annotated[
        bool,
        typer.Option(
            "--mistakes",
            help="Print the misread images instead, one per line, the most confident mistake "
            "first: index, label, prediction and confidence, separated by tabs.",
            rich_help_panel="Essentials",
        ),
    ] = False,
    show: Annotated[
        bool,
        typer.Option(
            "--show",
            help="Draw the most confident mistakes on stderr.",
            rich_help_panel="Essentials",
        ),
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_file,
            metavar="FILE",
            help="Also write a report: a page with learning curves, confusion matrix, misread "
            "images, calibration and the receptive fields of the first layer.",
        ),
    ] = None,
    logs: Annotated[
        list[Path] | None,
        typer.Option(
            "--log",
            parser=options.parse_file,
            metavar="FILE",
            help="Log that train --log wrote for the brain; the report takes the training time "
            "from it. Repeat it for more brains.",
        ),
    ] = None,
    plots: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_folder,
            metavar="FOLDER",
            help="Write the figures of the report as .svg and .png files, for papers and slides.",
        ),
    ] = None,
    dataset: options.DatasetName = None,
    data_dir: options.DataDir = None,
    force: options.Force = False,
    as_json: options.Json = False,
) -> None:
    """Evaluate a brain on a data set.

    Prints accuracy, loss, calibration error, confusion matrix, per-digit scores and
    the pairs of digits that are confused most often.
    """
    threads = blas.configure()
    paths, logs = brains or [DEFAULT_BRAIN], logs or []
    if logs and not report:
        raise SettingError("log", "needs --report")
    if report:
        check_report(report, paths, logs, force=force)
    if plots:
        check_plots(plots, paths, report, force=force)
    classifier = load_classifier(paths, "BRAIN", warn=False)
    seconds = time_training(logs, paths, classifier.brains)
    data = open_dataset(choose_dataset(dataset, data_dir, classifier), data_dir, split)
    warn_of_other_classes(data, classifier)
    result = classifier.evaluate(data, threads=threads)
    if mistakes:
        list_mistakes(result, split, as_json=as_json)
    else:
        print((make_document if as_json else make_tables)(result, paths, data.name, split))
    if show:
        draw_worst(result, data.images)
    subject = Subject(tuple(map(str, paths)), classifier, result)
    if report:
        make_report(report, subject, data, seconds)
    if plots:
        make_plots(plots, subject, data)
    raise typer.Exit(_judge(result, paths, fail_under))


def _judge(result: Evaluation, paths: list[Path], fail_under: float | None) -> int:
    """Say if the accuracy is hardly better than guessing, or too low; return the exit code."""
    if result.accuracy < GUESSING:
        names = console.escape(", ".join(map(str, paths)))
        console.note(f"warning: {names}: hardly better than guessing: {result.accuracy:.2%}")
    if fail_under is None or result.accuracy >= fail_under:
        return 0
    console.note(f"accuracy {result.accuracy:.4f} is below {fail_under}")
    return BELOW_THRESHOLD
