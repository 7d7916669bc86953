"""Commands that write other data as the IDX files of a data set, into a new folder.

They are Python, which whoever made the data has.  The sources are only read, and the
new folder is created once everything has been read.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from shlex import quote


def writing_command(arrays: Mapping[str, str]) -> str:
    """Return a shell command that writes arrays into a new folder.

    Parameters
    ----------
    arrays : mapping of str
        Python expressions by file name, which may use NumPy (np), gzip, Path and
        `read_idx`.
    """
    folder = free_folder()
    items = ", ".join(f"{_text(name)}: {array}" for name, array in arrays.items())
    code = [
        "import gzip, numpy as np",
        "from pathlib import Path",
        "from mnistmlp import read_idx, write_idx",
        f"arrays = {{{items}}}",
        f"new = Path({_text(folder)})",
        "new.mkdir()",
        "[write_idx(new / name, array) for name, array in arrays.items()]",
    ]
    return f"python -c {quote('; '.join(code))}  # then --data-dir {folder}"


def free_folder() -> str:
    """Return the name of a new folder."""
    names = ("idx" + (f"-{number}" if number else "") for number in itertools.count())
    return next(name for name in names if not os.path.lexists(name))


def read(path: Path) -> str:
    """Return an expression that reads an IDX file."""
    return f"read_idx(Path({_text(str(path))}))"


def read_items(path: Path, offset: int) -> str:
    """Return an expression for the bytes of a file after a header."""
    source = _text(str(path))
    if path.suffix == ".gz":
        return f"np.frombuffer(gzip.open({source}).read(), np.uint8, offset={offset})"
    return f"np.fromfile({source}, np.uint8, offset={offset})"


def _text(value: str) -> str:
    """Return a string literal for Python within the shell's single quotes."""
    return json.dumps(value, ensure_ascii=False)
