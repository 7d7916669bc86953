"""An image and its probabilities, drawn with characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.cli.drawing import cell_width, cut, fit, half_blocks, side_by_side, wrap
from mnistmlp.cli.options import back_up_replaced
from mnistmlp.cli.predict.wanted import UNSURE, Wanted
from mnistmlp.errors import NoInkError, PictureError

if TYPE_CHECKING:
    from rich.console import Console

    from mnistmlp.arrays import Array, Bytes
    from mnistmlp.brains.classifier import Classifier
    from mnistmlp.cli.predict.recognise import Recognised
    from mnistmlp.pictures.explain import Panel

BAR_WIDTH = 30  # characters, for a probability of 1
MAX_NAME, MAX_LABEL = 16, 12  # columns of a name beside a bar, and below the bars
STEP_WIDTH = 24  # characters of a step of `explain`; the images after them have 28
TITLES = {"deslant": "upright", "moments": "upright, one size"}  # of normalised images
FULL_BLOCK = "█"


def show(result: Recognised, wanted: Wanted, *, confident: bool) -> None:
    """Draw an image beside ten bars and its label, on stderr: stdout is for the result.

    Unless the network is confident, no digit is named.
    """
    screen = console.make_console(stderr=True)
    bars = _bars(screen, result.probabilities, wanted)
    beside = dict(enumerate([*bars, "", *_compare_to_label(result, wanted, confident)], start=2))
    lines = [
        half_blocks(screen, result.image[row], result.image[row + 1]).append(
            f"   {beside[row // 2]}" if beside.get(row // 2) else ""
        )
        for row in range(0, len(result.image), 2)
    ]
    console.note(console.render(screen, console.escape(result.source), *lines))


def explain(
    result: Recognised, normalised: list[Panel], wanted: Wanted, *, confident: bool
) -> None:
    """Draw the steps from a picture to what networks see, and ten bars below, on stderr.

    Below those of an image of the data set is its label, as in `show`.
    """
    from mnistmlp.pictures.explain import describe_reading, panels

    if not result.reading and not normalised:  # an image of the data set has no steps
        show(result, wanted, confident=confident)
        return
    screen = console.make_console(stderr=True)
    reading = result.reading
    steps = panels(reading, STEP_WIDTH) if reading else [("28 x 28", result.image)]
    lines = [
        line
        for row in wrap([*steps, *normalised], screen.width)
        for line in side_by_side(screen, row)
    ]
    facts = [describe_reading(reading)] if reading else []
    source, bars = console.escape(result.source), _bars(screen, result.probabilities, wanted)
    label = _compare_to_label(result, wanted, confident)
    console.note(console.render(screen, source, *lines, *facts, *bars, *label))


def report(error: PictureError, wanted: Wanted) -> None:
    """Report an error; if no ink was found, show and write the steps up to there, if asked to."""
    if isinstance(error, NoInkError) and wanted.explain:
        _explain_refusal(error)
    if isinstance(error, NoInkError) and wanted.explain_png:
        from mnistmlp.pictures.explain import write_refusal

        back_up_replaced(wanted.explain_png)
        write_refusal(wanted.explain_png, error)
    console.report(error)


def _explain_refusal(error: NoInkError) -> None:
    """Draw the steps up to a refusal, and say why, on stderr."""
    from mnistmlp.pictures.explain import refused_panels

    screen = console.make_console(stderr=True)
    rows = wrap(refused_panels(error, STEP_WIDTH), screen.width)
    lines = [line for row in rows for line in side_by_side(screen, row)]
    console.note(console.render(screen, console.escape(error.source), *lines, error.reason))


def normalised_images(image: Bytes, classifier: Classifier) -> list[Panel]:
    """Return an image as the networks normalise it, with titles, each way once."""
    from mnistmlp.core.normalization import normalise

    found = dict.fromkeys(network.normalization for network in classifier.networks)
    return [(TITLES[each], normalise(image[None], each)[0]) for each in found if each != "none"]


def _compare_to_label(result: Recognised, wanted: Wanted, confident: bool) -> list[str]:
    """Return a line that says whether the digit is the label, if the image has one."""
    if "label" not in result.origin:
        return []
    label, digit = result.origin["label"], int(result.probabilities.argmax())
    read, shown = (cut(wanted.name(each), MAX_LABEL) for each in (digit, label))
    if not confident:
        return [f"predicted {UNSURE}, label {shown}"]
    answer = "right" if digit == label else "wrong"
    return [f"predicted {read}, label {shown}: {answer}"]


def _bars(screen: Console, probabilities: Array, wanted: Wanted) -> list[str]:
    """Return ten lines of digit, bar and percentage; the bars are shorter beside names."""
    best, block = probabilities.argmax(), "#" if screen.options.ascii_only else FULL_BLOCK
    names = fit([wanted.name(digit) for digit in range(len(probabilities))], MAX_NAME)
    width = BAR_WIDTH + 1 - cell_width(names[0])
    return [
        f"{names[digit]} {block * round(width * float(share)):{width}} {share:7.2%}"
        + (" <" if digit == best else "")
        for digit, share in enumerate(probabilities)
    ]
