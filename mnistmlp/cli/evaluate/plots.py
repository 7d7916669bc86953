"""`evaluate --plots`, and what it shares with `tune --plots`."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Mapping
from functools import partial
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
    from mnistmlp.report.plots import PLOTS

    check_distinct("plots", folder, {"--report": report})
    others = {str(each): brain_file(each) for each in brains}
    check_files(folder, PLOTS, others, force=force)


def check_files(
    folder: Path, names: Iterable[str], others: Mapping[str, Path | None], *, force: bool
) -> None:
    """Raise an error if plots of these names cannot be written, or would replace another file.

    These other files are keyed by their origin.
    """
    from mnistmlp.report.charts.figures import load_matplotlib
    from mnistmlp.report.plots import FORMATS

    _check_folder(folder)
    for name in names:
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
    from mnistmlp.report.plots import PLOTS, draw_plot

    write_files(folder, {name: partial(draw_plot, name, subject, data) for name in PLOTS})


def write_files(
    folder: Path, plots: Mapping[str, Callable[[], Mapping[str, bytes]]], *, quiet: bool = False
) -> None:
    """Write plots, each drawn by its callable as a file of each format, and say which."""
    from mnistmlp.report.plots import NothingToDrawError

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, draw in plots.items():
        try:
            files = {folder / f"{name}.{suffix}": file for suffix, file in draw().items()}
        except NothingToDrawError as reason:
            stays = "; the old one stays" if (folder / f"{name}.png").exists() else ""
            left_out = console.escape(str(folder / name))
            console.note(f"{left_out} is left out: {reason}{stays}")
            continue
        for path, content in files.items():
            back_up_replaced(path, quiet=quiet)
            with atomic_write(path) as file:
                file.write(content)
        if not quiet:
            console.note(f"plots: {console.escape(', '.join(map(str, files)))}")
