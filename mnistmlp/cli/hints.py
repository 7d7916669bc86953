"""Hints: the command or option that helps after an error."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from shlex import quote

from mnistmlp.errors import (
    ChangedDataError,
    DataError,
    DivergenceError,
    DownloadError,
    LargePictureError,
    MissingBrainError,
    MissingDataError,
    MixedDataError,
    MnistMlpError,
    OtherFormatError,
    OtherKindError,
    PictureDeviceError,
    PictureFolderError,
)

BUNDLED = "pretrained"  # the name of the bundled brain
BRAIN_HINT = f"a brain is an .npz file written by train, or {BUNDLED}, the bundled brain"
SHRINK_HINT = "make it smaller, with ImageMagick for example: magick FILE -resize 1000x1000 NEW.png"


def hint_for(error: MnistMlpError) -> str | None:
    """Return a hint as one line: the error's own, or the one for its kind."""
    if error.hint:
        return error.hint
    match error:
        case DivergenceError(learning_rate=int() | float() as rate):
            return f"try a smaller one, such as --learning-rate {rate / 10:g}"
        case MissingBrainError(path=path):
            return _missing_brain_hint(path)
        case OtherFormatError(path=path):
            return _other_format_hint(path)
        case LargePictureError():
            return SHRINK_HINT
        case PictureFolderError():
            return "mnistmlp predict --recursive FOLDER"
        case PictureDeviceError():
            return "mnistmlp predict - reads standard input"
        case OtherKindError(source=source):
            return _other_kind_hint(source)
        case DataError():
            return _data_hint(error)
    return None


def _other_kind_hint(source: str) -> str | None:
    """Return how to recognise the images of a file that is no picture, if it holds any."""
    from mnistmlp.data.convert.command import holds_images

    return f"mnistmlp predict --data {quote(source)}" if holds_images(Path(source)) else None


def _missing_brain_hint(path: Path) -> str:
    """Return how to get a brain: one with nearly this name, or one that is trained."""
    from difflib import get_close_matches  # only needed here

    names = {BUNDLED: BUNDLED}  # by their stems: short names with one suffix are all alike
    with suppress(OSError):
        names |= {each.stem: str(each) for each in path.parent.glob("*.npz")}
    if close := get_close_matches(path.stem, names, n=1, cutoff=0.7):
        return f"did you mean {quote(names[close[0]])}?"
    if path.suffix in ("", ".npz") and path.parent.is_dir():
        return f"mnistmlp train --output {quote(str(path))}"
    return BRAIN_HINT


def _other_format_hint(path: Path) -> str:
    """Return how to get a brain from a file of another format."""
    match path.suffix.lower():
        case ".safetensors":
            return f"mnistmlp import {quote(str(path))} {quote(str(path.with_suffix('.npz')))}"
        case ".pt" | ".pth":
            from mnistmlp.exchange.safetensors import SAVE_HINT

            return SAVE_HINT
        case ".ckpt":
            return f"mnistmlp train --resume {quote(str(path))}"
    return BRAIN_HINT


def _data_hint(error: DataError) -> str | None:
    """Return how to get data that are missing, damaged or changed."""
    from mnistmlp.data.folder import dataset_of_cache

    match error:
        case MixedDataError(folder=folder):
            return _name_other_folder(folder)
        case DownloadError(folder=Path() as folder, dataset=dataset):
            return _fetch_by_hand(folder, dataset)
        case ChangedDataError(folder=Path() as folder, dataset=dataset, record=record):
            intended = f" (if the change is intended: rm {quote(str(record))})" if record else ""
            return f"{download_command(folder, dataset)}{intended}"
        case MissingDataError(folder=Path() as folder, dataset=dataset):
            return download_command(folder, dataset)
        case DataError(folder=Path() as folder, dataset=dataset):
            return f"{download_command(folder, dataset_of_cache(folder) or dataset)} --force"
    return None


def _name_other_folder(folder: Path | None) -> str:
    """Return the ways out where a folder holds other data than those that are wanted."""
    from mnistmlp.data.folder import VARIABLE

    rest = "the files go to the cache; or leave out --dataset to use these as they are"
    named = os.environ.get(VARIABLE)
    if folder and named and Path(named).expanduser() == folder:
        return f"{VARIABLE} names this folder; without it {rest}"
    return f"use another folder, or none: without --data-dir and {VARIABLE} {rest}"


def download_command(folder: Path, dataset: str = "mnist") -> str:
    """Return the command that fetches or makes a data set in a folder."""
    from mnistmlp.data.folder import VARIABLE, is_cache

    words = ["mnistmlp download"]
    if dataset != "mnist":
        words.append(f"--dataset {dataset}")
    if not is_cache(folder) or os.environ.get(VARIABLE):
        words.append(f"--data-dir {quote(str(folder))}")
    return " ".join(words)


def _fetch_by_hand(folder: Path, dataset: str) -> str:
    from mnistmlp.data.catalog import MNIST

    names = ", ".join(f"{each.name}.gz" for each in MNIST)
    ways = (
        f"put {names} into {folder} by hand, "
        "or name a folder that has them: --data-dir DIR or MNISTMLP_DATA_DIR=DIR"
    )
    if dataset != "mnist":
        return ways
    return f"{ways}; or use the built-in digits: --dataset synthetic"
