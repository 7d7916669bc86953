"""`evaluate --report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.cli.brains import brain_file
from mnistmlp.cli.options import back_up_replaced, check_distinct, check_target
from mnistmlp.errors import MnistMlpError, SettingError

if TYPE_CHECKING:
    from mnistmlp.brains.brain import Brain
    from mnistmlp.data.datasets import Dataset
    from mnistmlp.report.subject import Subject

SUFFIXES = (".html", ".htm")


def check_report(path: Path, brains: list[Path], logs: list[Path], *, force: bool) -> None:
    """Raise an error if no report can be written at `path`: before the work, not after it."""
    from mnistmlp.report.extra import check_extra

    if not path.name.lower().endswith(SUFFIXES):
        raise SettingError("report", f"{path} does not end in .html; a report is a web page")
    others = {str(each): brain_file(each) for each in brains}
    check_distinct("report", path, others | {str(each): each for each in logs})
    check_target("report", path, force=force)
    check_extra()


def time_training(logs: list[Path], names: list[Path], brains: Sequence[Brain]) -> dict[int, float]:
    """Return the seconds that the training of brains took, by their places, as logs say.

    Raises
    ------
    SettingError
        If a log is not there, or is that of none of the brains.
    """
    from mnistmlp.brains.log import Log

    seconds: dict[int, float] = {}
    for path in logs:
        log = Log(path)
        try:
            reports = log.read()
        except MnistMlpError as error:
            raise SettingError("log", str(error)) from None
        if not log.exists:
            raise SettingError("log", f"{path}: no such file")
        losses = [report.loss for report in reports]
        owners = [n for n, brain in enumerate(brains) if losses and _losses(brain) == losses]
        if not owners:
            brain = ", ".join(map(str, names))
            raise SettingError("log", f"{path} is not the complete log of {brain}")
        seconds |= dict.fromkeys(owners, sum(report.seconds for report in reports))
    return seconds


def _losses(brain: Brain) -> list[float]:
    return list(brain.meta.curve("loss").values()) if brain.meta else []


def make_report(path: Path, subject: Subject, data: Dataset, seconds: dict[int, float]) -> None:
    """Write the report, and say where."""
    from mnistmlp.report.page import write_report

    back_up_replaced(path)
    write_report(path, subject, data, seconds)
    console.note(f"report: {console.escape(str(path))}")
