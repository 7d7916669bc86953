"""Following the hints on data of other forms."""

from __future__ import annotations

import shlex
from pathlib import Path

from mnistmlp.errors import DataError


def obey(error: DataError) -> Path:
    """Run the Python command of a hint, and return the folder that it writes into."""
    python, option, code = shlex.split(str(error.hint), comments=True)
    assert (python, option) == ("python", "-c")
    exec(code)
    return Path("idx")
