"""Commands that write other data as the IDX files of a data set, into a new folder.

They are Python, as whoever made the data has it.  What is read is only read, and
the new folder is made once everything has been read.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from mnistmlp.data.catalog import MNIST

KERAS_NAMES = ("x_train", "y_train", "x_test", "y_test")  # in the order of MNIST's files


def writing_command(arrays: Mapping[str, str], *before: str) -> str:
    """Return a shell command that writes arrays into a new folder.

    Parameters
    ----------
    arrays : mapping of str
        Python expressions by file name, which may use NumPy (np), gzip, Path and
        `read_idx`.
    *before : str
        Statements to be run before.
    """
    names = ("idx" + (f"-{number}" if number else "") for number in itertools.count())
    folder = next(name for name in names if not os.path.lexists(name))
    items = ", ".join(f"{_text(name)}: {array}" for name, array in arrays.items())
    code = [
        "import gzip, numpy as np",
        "from pathlib import Path",
        "from mnistmlp import read_idx, write_idx",
        *before,
        f"arrays = {{{items}}}",
        f"new = Path({_text(folder)})",
        "new.mkdir()",
        "[write_idx(new / name, array) for name, array in arrays.items()]",
    ]
    return f"python -c {quote('; '.join(code))}  # then --data-dir {folder}"


def read(path: Path) -> str:
    """Return an expression that reads an IDX file."""
    return f"read_idx(Path({_text(str(path))}))"


def read_items(path: Path, offset: int) -> str:
    """Return an expression for the bytes of a file after a header."""
    source = _text(str(path))
    if path.suffix == ".gz":
        return f"np.frombuffer(gzip.open({source}).read(), np.uint8, offset={offset})"
    return f"np.fromfile({source}, np.uint8, offset={offset})"


def convert_archive(path: Path) -> str:
    """Return a command for a NumPy archive with Keras's names."""
    pairs = zip(MNIST, KERAS_NAMES, strict=True)
    arrays = {file.name: f"data[{_text(name)}].astype(np.uint8)" for file, name in pairs}
    return writing_command(arrays, f"data = np.load({_text(str(path))})")


def convert_table(path: Path) -> str:
    """Return a command for a table as Kaggle has it: a label and 784 pixels a row."""
    images, labels, *_ = MNIST
    arrays = {images.name: "table[:, 1:].reshape(-1, 28, 28)", labels.name: "table[:, 0]"}
    table = f'np.loadtxt({_text(str(path))}, np.uint8, delimiter=",", skiprows=1)'
    return writing_command(arrays, f"table = {table}")


def copy_transposed(paths: Mapping[str, Path]) -> str:
    """Return a command for IDX files, by their new names, whose images are transposed."""
    turn = {True: ".swapaxes(1, 2)", False: ""}
    return writing_command(
        {name: read(path) + turn["images" in name] for name, path in paths.items()}
    )


def _text(value: str) -> str:
    """Return a string as Python and the shell read it within single quotes."""
    return json.dumps(value, ensure_ascii=False)
