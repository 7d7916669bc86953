"""Following the hints on data of other forms."""

from __future__ import annotations

import shlex
from pathlib import Path

from typer.testing import CliRunner

from mnistmlp.cli.app import app
from mnistmlp.errors import DataError


def obey(error: DataError) -> Path:
    """Run the command of a hint, and return the folder that it writes into."""
    command, folder = str(error.hint).rsplit("  # then --data-dir ")
    assert not Path(folder).exists()
    program, *words = shlex.split(command)
    if program == "mnistmlp":
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
    else:
        option, code = words
        assert (program, option) == ("python", "-c")
        exec(code, {})
    return Path(folder)
