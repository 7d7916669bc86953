"""``mnistmlp watch``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnistmlp.cli import console
from mnistmlp.cli.bar import usable_width
from mnistmlp.cli.completion import complete_file
from mnistmlp.cli.interrupt import Terminated
from mnistmlp.cli.options import parse_file
from mnistmlp.errors import MnistMlpError

if TYPE_CHECKING:
    from mnistmlp.brains.log import Log

INTERVAL = 0.2  # seconds between two looks at the logs

EXAMPLES = (
    ("Watch a run that was started with --log run.jsonl", "mnistmlp watch run.jsonl"),
    ("Print the curves of two runs as they are now", "mnistmlp watch a.jsonl b.jsonl --once"),
)


def watch(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="LOG",
            parser=parse_file,
            autocompletion=complete_file(".jsonl"),
            help="Logs that train --log writes; they need not exist yet.",
        ),
    ],
    once: Annotated[
        bool, typer.Option("--once", help="Print the current curves and exit.")
    ] = False,
) -> None:
    """Show the learning curves of runs while they train.

    On a terminal, the curves are redrawn in place after each epoch.  In a pipe, each epoch
    is printed as a line.  Stop with Ctrl-C: the curves stay on the terminal, and the exit
    code is 0.  Each curve runs from its lowest value to its highest; the loss is on a
    logarithmic scale.
    """
    from mnistmlp.brains.log import Log
    from mnistmlp.cli.watch.show import draw_curves

    logs = [Log(path) for path in paths]
    if once:
        for log in logs:
            log.read()
            if not log.exists:
                hint = "without --once, watch waits for it"
                raise MnistMlpError(f"{log.path}: no such file", hint=hint)
        print(draw_curves(logs, usable_width()))
        return
    live = sys.stdout.isatty() and console.is_terminal()
    try:
        (_redraw if live else _print_epochs)(logs)
    except Terminated:
        raise
    except KeyboardInterrupt:
        if live:
            console.footer.erase()
            print(draw_curves(logs, usable_width()))
    finally:
        console.footer.erase()


def _redraw(logs: list[Log]) -> None:
    """Draw the curves in place whenever they change, or no longer fit the terminal."""
    from mnistmlp.cli.watch.show import fit_curves

    drawn = None
    while True:
        for log in logs:
            log.read()
        curves = fit_curves(logs, usable_width(), console.terminal_height() - 1)
        if curves != drawn:
            console.footer.draw(curves)
            drawn = curves
        time.sleep(INTERVAL)


def _print_epochs(logs: list[Log]) -> None:
    """Print a line for each epoch, existing ones first."""
    from mnistmlp.cli.watch.show import name_log

    waited: set[Log] = set()
    while True:
        for log in logs:
            known, new = len(log.reports), log.read()
            if new and new[0].epoch <= known:
                console.note(f"{name_log(log)}: restarted from epoch {new[0].epoch}")
            for report in new:
                print(f"{name_log(log)}: {report}", flush=True)
            if not log.exists and log not in waited:
                console.note(f"waiting for {name_log(log)}")
                waited.add(log)
        time.sleep(INTERVAL)
