"""The progress of training: one line per epoch and, on a terminal, a bar below them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from mnistmlp.cli import console
from mnistmlp.cli.bar import Bar, usable_width

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from mnistmlp.cli.train.plan import Plan
    from mnistmlp.cli.train.report import OnEpoch
    from mnistmlp.training.state import EpochReport

NARROW, WIDE = 35, 59  # columns of a line with some of the words, and with all
MAX_WIDTH = 100  # columns of an epoch's line, so that its figures stay together


class Callbacks(NamedTuple):
    """What `fit` calls as training goes on."""

    on_epoch: OnEpoch
    on_step: Callable[[float], None]


@contextmanager
def show_progress(plan: Plan, *, quiet: bool) -> Iterator[Callbacks]:
    """Yield callbacks that show on stderr how far the training that is planned has come."""
    epochs = plan.provenance.recipe.epochs
    if quiet or not console.is_terminal():
        yield Callbacks(
            lambda report: None if quiet else console.note(_describe(report, epochs)),
            lambda progress: None,
        )
        return
    history = plan.state.history if plan.state else []
    display = _Display(epochs, plan.until or epochs, history)
    try:
        yield Callbacks(display.add_epoch, display.move)
    finally:
        console.footer.erase()


def _describe(report: EpochReport, epochs: int) -> str:
    """Return an epoch's report as one line of under 80 columns."""
    line = f"epoch {report.epoch:{len(str(epochs))}}/{epochs}  loss {report.loss:.4f}"
    if report.validation_accuracy is not None:
        line += f"  validation {report.validation_loss:.4f}, {report.validation_accuracy:.2%}"
    return f"{line}  {report.seconds:.2f} s  {report.images_per_second:,.0f} images/s"


# --- On a terminal -----------------------------------------------------------


class _Display:
    """One line per epoch that stays, and below them a bar that moves with each step."""

    def __init__(self, epochs: int, last: int, history: list[EpochReport]) -> None:
        # all that drawing needs, before training: Ctrl-C within an import leaves a file open
        from rich.progress import BarColumn, TimeElapsedColumn, TimeRemainingColumn

        from mnistmlp.training.state import EpochReport

        self.epochs, self.history = epochs, list(history)
        bar, elapsed, left = BarColumn(None), TimeElapsedColumn(), TimeRemainingColumn()
        number, percentage = "{task.description}", "{task.percentage:3.0f}%"
        layouts = {
            WIDE: (number, bar, percentage, elapsed, "elapsed,", left, "left"),
            NARROW: (number, bar, left, "left"),
            0: (bar, left),
        }
        self.bar = Bar(layouts, len(history), last)
        self.blocks = not self.bar.screen.options.ascii_only
        example = EpochReport(1, *[1.0] * 6)
        self.bar.render(_epoch_line([example], 1, WIDE, blocks=True), WIDE)
        self.move(len(history) / epochs)

    def move(self, progress: float) -> None:
        """Draw the bar, unless it was drawn a moment ago."""
        if self.bar.is_due():
            number = min(int(progress * self.epochs) + 1, self.epochs)
            self.bar.draw(progress * self.epochs, f"epoch {number}/{self.epochs}")

    def add_epoch(self, report: EpochReport) -> None:
        """Write an epoch's line, and draw the bar below it."""
        self.history.append(report)
        width = min(usable_width(), MAX_WIDTH)
        line = _epoch_line(self.history, self.epochs, width, blocks=self.blocks)
        console.note(self.bar.render(line, width))
        self.move(report.epoch / self.epochs)


def _epoch_line(history: list[EpochReport], epochs: int, width: int, *, blocks: bool) -> Table:
    """Return the figures of the last epoch, and its loss as a bar where there is room.

    The bar is full for the highest loss so far.  The best accuracy so far is bold.
    """
    from rich.bar import Bar
    from rich.table import Column, Table
    from rich.text import Text

    report, wide, narrow = history[-1], width >= WIDE, width < NARROW
    number = f"{report.epoch:{len(str(epochs))}}/{epochs}"
    cells: list[RenderableType] = [f"epoch {number}" if wide else number]
    cells.append(f"{report.loss:.4f}" if narrow else f"loss {report.loss:.4f}")
    if wide and blocks:
        cells.append(Bar(max(each.loss for each in history), 0, report.loss, color="cyan"))
    if report.validation_accuracy is not None:
        best = max(each.validation_accuracy or 0 for each in history)
        accuracy = f"{report.validation_accuracy:.2%}"
        style = "bold" if report.validation_accuracy == best else ""
        cells.append(Text(f"validation {accuracy}" if wide else accuracy, style))
    if not narrow:
        cells.append(f"{report.seconds:.2f} s")
    ratios = [1 if isinstance(cell, Bar) else None for cell in cells]  # the bar takes the rest
    columns = [Column(no_wrap=True, ratio=ratio) for ratio in ratios]
    line = Table.grid(*columns, padding=(0, 1), expand=any(ratios))
    line.add_row(*cells)
    return line
