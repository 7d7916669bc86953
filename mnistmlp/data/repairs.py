"""Commands that write other data as the IDX files of a data set, into a new folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from mnistmlp.data.catalog import MNIST

FOLDER = "idx"  # that the commands write into; nothing that exists is replaced
PRELUDE = (
    "import gzip, numpy as np; from pathlib import Path; from mnistmlp import read_idx, write_idx; "
    f'new = Path("{FOLDER}"); new.mkdir(exist_ok=True)'
)
KERAS_NAMES = ("x_train", "y_train", "x_test", "y_test")  # in the order of MNIST's files


def python_command(*statements: str) -> str:
    """Return a shell command that runs Python statements, with NumPy and this package."""
    code = quote("; ".join([PRELUDE, *statements]))
    return f"python -c {code}  # then --data-dir {FOLDER}"


def write(name: str, array: str) -> str:
    """Return a statement that writes an array, an expression, under a file name."""
    return f"write_idx(new / {json.dumps(name)}, {array})"


def read(path: Path) -> str:
    """Return an expression that reads an IDX file."""
    return f"read_idx(Path({json.dumps(str(path))}))"


def read_items(path: Path, offset: int) -> str:
    """Return an expression for the bytes of a file after a header."""
    source = json.dumps(str(path))
    if path.suffix == ".gz":
        return f"np.frombuffer(gzip.open({source}).read(), np.uint8, offset={offset})"
    return f"np.fromfile({source}, np.uint8, offset={offset})"


def convert_archive(path: Path) -> str:
    """Return a command for a NumPy archive with Keras's names."""
    pairs = zip(MNIST, KERAS_NAMES, strict=True)
    arrays = [write(file.name, f'data["{name}"]') for file, name in pairs]
    return python_command(f"data = np.load({json.dumps(str(path))})", *arrays)


def convert_table(path: Path) -> str:
    """Return a command for a table as Kaggle has it: a label and 784 pixels a row."""
    images, labels, *_ = MNIST
    source = json.dumps(str(path))
    return python_command(
        f'table = np.loadtxt({source}, np.uint8, delimiter=",", skiprows=1)',
        write(images.name, "table[:, 1:].reshape(-1, 28, 28)"),
        write(labels.name, "table[:, 0]"),
    )


def copy_transposed(paths: Sequence[tuple[str, Path]]) -> str:
    """Return a command for IDX files, by their new names, whose images are transposed."""
    turn = {True: ".swapaxes(1, 2)", False: ""}
    return python_command(
        *(write(name, read(path) + turn["images" in name]) for name, path in paths)
    )
