"""The pictures in a folder, told by the endings of their names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from mnistmlp.atomic import cause_of
from mnistmlp.cli import console
from mnistmlp.errors import PictureError

SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".dib", ".webp"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
)
OTHER_SUFFIXES = (".heic", ".heif", ".avif", ".svg", ".pdf")  # of pictures that are not read
SYSTEM_NAMES = (  # macOS, Synology and Windows make these
    *("__MACOSX", "@eaDir", "$RECYCLE.BIN", "Thumbs.db", "desktop.ini"),
)
MAX_NAMED = 5  # of the files that are left out


def find_pictures(folder: str) -> Iterator[str | PictureError]:
    """Yield the pictures in a folder in order of name, then those in its subfolders.

    Hidden files and folders are left out, links to folders, and what is no
    file: a pipe might never end.
    """
    waiting, left_out, found = [folder], list[Path](), False
    while waiting:
        path = waiting.pop()
        try:
            folders, pictures, others = _sort_out(Path(path))
        except OSError as error:
            yield PictureError(f"{path}: {cause_of(error)}")
            found = True
            continue
        yield from map(str, pictures)
        found = found or bool(pictures)
        left_out += others
        waiting += map(str, reversed(folders))
    unread = [each for each in left_out if each.suffix.lower() in OTHER_SUFFIXES]
    if not found:
        yield _describe_lack(folder, left_out, convertible=bool(unread))
    elif unread:
        names = console.escape(f"{folder}: not read: {_list_names(unread)}")
        console.note(f"warning: {names}")


def _sort_out(folder: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """Return the folders, the pictures and the other files that a user keeps in a folder."""
    folders, pictures, others = [], [], []
    with os.scandir(folder) as entries:  # which know what they are, but for links
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.name.startswith(".") or entry.name in SYSTEM_NAMES:
            continue
        each = folder / entry.name
        file = entry.is_file(follow_symlinks=False)
        if entry.is_dir(follow_symlinks=False):
            folders.append(each)
        elif each.suffix.lower() in SUFFIXES and (file or each.is_file() or not each.exists()):
            pictures.append(each)  # or a broken link, which is then reported
        else:
            others.append(each)
    return folders, pictures, others


def _describe_lack(folder: str, left_out: list[Path], *, convertible: bool) -> PictureError:
    from mnistmlp.pictures.decoding import CONVERT_HINT, FORMATS

    return PictureError(
        f"{folder}: no pictures in a supported format ({', '.join(FORMATS)})",
        details=[f"left out: {_list_names(left_out)}"] if left_out else (),
        hint=CONVERT_HINT if convertible else None,
    )


def _list_names(paths: list[Path]) -> str:
    named = ", ".join(map(str, paths[:MAX_NAMED]))
    more = len(paths) - MAX_NAMED
    return f"{named} and {more:,} more" if more > 0 else named
