"""`evaluate --plots`."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.atomic import atomic_write, cause_of, check_writable, writing
from mnistmlp.cli import console
from mnistmlp.cli.brains import brain_file
from mnistmlp.cli.options import back_up_replaced, check_distinct, check_target
from mnistmlp.errors import SettingError

if TYPE_CHECKING:
    from mnistmlp.data.datasets import Dataset
    from mnistmlp.report.subject import Subject


def check_plots(folder: Path, brains: list[Path], report: Path | None, *, force: bool) -> None:
    """Raise an error if the plots cannot be written: before the work, not after it."""
    from mnistmlp.report.charts.figures import load_matplotlib
    from mnistmlp.report.plots import FORMATS, PLOTS

    check_distinct("plots", folder, {"--report": report})
    _check_folder(folder)
    others = {str(each): brain_file(each) for each in brains}
    for name in PLOTS:
        for suffix in FORMATS:
            path = folder / f"{name}.{suffix}"
            check_distinct("plots", path, others)
            if folder.exists():
                check_target("plots", path, force=force)
    load_matplotlib()


def _check_folder(folder: Path) -> None:
    """Raise SettingError unless files can be written to the folder, which need not exist."""
    try:
        if (folder.exists() or folder.is_symlink()) and not folder.is_dir():
            raise OSError(errno.ENOTDIR, "not a folder", str(folder))
        there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        check_writable(there / "x")
    except OSError as error:
        raise SettingError("plots", f"{error.filename}: {cause_of(error)}") from None


def make_plots(folder: Path, subject: Subject, data: Dataset) -> None:
    """Write the plots, and say which, or why not."""
    from mnistmlp.report.plots import PLOTS, NothingToDrawError, draw_plot

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name in PLOTS:
        try:
            files = draw_plot(name, subject, data)
        except NothingToDrawError as reason:
            stays = "; the old one stays" if (folder / f"{name}.png").exists() else ""
            path = console.escape(str(folder / name))
            console.note(f"{path} is left out: {reason}{stays}")
        else:
            _write(folder, {f"{name}.{suffix}": file for suffix, file in files.items()})


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        back_up_replaced(path)
        with atomic_write(path) as file:
            file.write(content)
    written = ", ".join(str(folder / name) for name in files)
    console.note(f"plots: {console.escape(written)}")
