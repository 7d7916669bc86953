"""The progress of a search: one line per trial and, on a terminal, a bar below them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from mnistmlp.cli import console
from mnistmlp.cli.bar import Bar
from mnistmlp.cli.tune.report import format_outcome, format_settings
from mnistmlp.tuning.outcomes import find_best, find_front

if TYPE_CHECKING:
    from mnistmlp.tuning.outcomes import Outcome
    from mnistmlp.tuning.search import Plan

NARROW, WIDE = 40, 65  # columns of a bar with some of the words, and with all
WAITING = "waiting for the trials of other workers"


class Callbacks(NamedTuple):
    """What a search calls as it goes on."""

    on_trial: Callable[[Outcome, list[Outcome]], None]
    on_step: Callable[[float], None]
    on_wait: Callable[[], None]


@contextmanager
def show_progress(plan: Plan, outcomes: list[Outcome], *, quiet: bool) -> Iterator[Callbacks]:
    """Yield callbacks that show on stderr how far the search has come, of which so much is done."""
    if quiet:
        yield Callbacks(lambda outcome, outcomes: None, lambda progress: None, lambda: None)
        return
    lines = _Lines(plan, outcomes)
    if not console.is_terminal():
        yield Callbacks(lines.on_trial, lambda progress: None, lines.on_wait)
        return
    display = _Display(lines, outcomes)
    try:
        yield Callbacks(display.on_trial, display.on_step, display.on_wait)
    finally:
        console.footer.erase()


class _Lines:
    """One line per trial that stays, and the settings of each that is better than all before."""

    def __init__(self, plan: Plan, outcomes: list[Outcome]) -> None:
        self.plan, self.trials = plan, plan.trials
        self.waits = False
        self.best = find_best(outcomes)
        if outcomes:
            best = f", the best {self.best.accuracy:.2%}" if self.best else ""
            console.note(f"{len(outcomes)} of {plan.trials} trials are done{best}")

    def on_trial(self, outcome: Outcome, outcomes: list[Outcome]) -> None:
        """Write a trial's line."""
        self.best, self.waits = find_best(outcomes), False
        cost = self.plan.pareto
        good = outcome in find_front(outcomes, cost) if cost else outcome == self.best
        praise = "on the front" if cost else "best so far"
        line = format_outcome(outcome, self.trials, cost)
        console.note(f"{line}{f'  {praise}' if good else ''}")
        if good:
            for line in format_settings(outcome.settings):
                console.note(line)

    def on_wait(self) -> None:
        """Say, once, that only other workers have something to do."""
        if not self.waits:
            console.note(WAITING)
        self.waits = True


class _Display:
    """The lines, and below them a bar that moves with each step."""

    def __init__(self, lines: _Lines, outcomes: list[Outcome]) -> None:
        # all that drawing needs, before training: Ctrl-C within an import leaves a file open
        from rich.progress import BarColumn, TimeElapsedColumn, TimeRemainingColumn

        self.lines, self.done = lines, len(outcomes)
        bar, elapsed, left = BarColumn(None), TimeElapsedColumn(), TimeRemainingColumn()
        words = "{task.description}"
        layouts = {
            WIDE: (words, bar, elapsed, "elapsed,", left, "left"),
            NARROW: (words, bar, left, "left"),
            0: (bar, left),
        }
        self.bar = Bar(layouts, self.done, lines.trials)
        self.on_step(0.0)

    def on_trial(self, outcome: Outcome, outcomes: list[Outcome]) -> None:
        """Write a trial's line, and draw the bar below it."""
        self.done = len(outcomes)
        self.lines.on_trial(outcome, outcomes)
        self.on_step(0.0)

    def on_step(self, progress: float) -> None:
        """Draw the bar, unless it was drawn a moment ago."""
        if self.bar.is_due():
            best, trials = self.lines.best, self.lines.trials
            shown = f", best {best.accuracy:.2%}" if best else ""
            done = min(self.done + progress, trials)
            self.bar.draw(done, f"{self.done}/{trials} trials{shown}", trials)

    def on_wait(self) -> None:
        """Say, once, that only other workers have something to do."""
        self.lines.on_wait()
        self.on_step(0.0)
