"""A bar in the terminal's last line, below the lines that stay."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mnistmlp.cli import console

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import ProgressColumn

INTERVAL = 0.1  # seconds between two drawings, each of which takes about 1 ms


class Bar:
    """A bar of Rich's, without its live display, which hides the cursor and starts a thread.

    Parameters
    ----------
    layouts : mapping
        The columns by the least width that they fit in, the widest first, the last 0.
    completed, total : float
        Where it begins and ends; a `total` of None is not known yet.
    """

    def __init__(
        self,
        layouts: Mapping[int, tuple[str | ProgressColumn, ...]],
        completed: int = 0,
        total: float | None = None,
    ) -> None:
        from rich.progress import Progress

        self.layouts, self.screen = layouts, console.make_console(stderr=True)
        self.progress = Progress(console=self.screen, auto_refresh=False, expand=True)
        self.task = self.progress.add_task("", completed=completed, total=total)
        self.next_time = 0.0

    def is_due(self) -> bool:
        """Tell whether the last drawing is long enough ago."""
        return time.monotonic() >= self.next_time

    def draw(self, completed: float, description: str, total: float | None = None) -> None:
        """Draw the bar in place of the last."""
        width = usable_width()
        self.progress.columns = next(
            columns for least, columns in self.layouts.items() if width >= least
        )
        self.progress.update(self.task, completed=completed, description=description, total=total)
        console.footer.draw(self.render(self.progress.get_renderable(), width))
        self.next_time = time.monotonic() + INTERVAL

    def render(self, line: RenderableType, width: int) -> str:
        """Return a line for the terminal."""
        self.screen.width = width
        try:
            return console.render(self.screen, line)
        except OSError:  # Rich flushes stderr, though nothing is written: the terminal is gone
            return ""


def usable_width() -> int:
    """Return the columns of a line that does not fill the terminal's, after which it may wrap."""
    return max(console.terminal_width() - 1, 1)
