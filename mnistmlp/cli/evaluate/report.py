"""`evaluate --report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.cli.brains import brain_file
from mnistmlp.cli.options import back_up_replaced, check_distinct, check_target
from mnistmlp.errors import SettingError
from mnistmlp.report.extra import check_extra

if TYPE_CHECKING:
    from mnistmlp.brains.brain import Brain, Committee
    from mnistmlp.core.metrics import Evaluation
    from mnistmlp.data.datasets import Dataset

SUFFIXES = (".html", ".htm")


def check_report(path: Path, brains: list[Path], *, force: bool) -> None:
    """Raise an error if no report can be written at `path`: before the work, not after it."""
    if path.suffix.lower() not in SUFFIXES:
        raise SettingError("report", f"{path} does not end in .html, and a report is a web page")
    check_distinct("report", path, {str(each): brain_file(each) for each in brains})
    check_target("report", path, force=force)
    check_extra()


def make_report(
    path: Path, brains: list[Path], classifier: Brain | Committee, result: Evaluation, data: Dataset
) -> None:
    """Write the report, and say where."""
    from mnistmlp.report.page import write_report
    from mnistmlp.report.subject import Subject

    names = tuple(map(str, brains))
    back_up_replaced(path)
    write_report(path, Subject(names, classifier, result), data)
    console.note(f"report: {console.escape(str(path))}")
