"""The notebook is made from the reference implementation, and runs."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import MATHS

NOTEBOOK = MATHS / "backpropagation.ipynb"


def test_it_is_the_one_that_the_script_makes() -> None:
    made = runpy.run_path(str(MATHS / "make_notebook.py"))["build"]()
    assert NOTEBOOK.read_text(encoding="utf-8") == made


@pytest.mark.slow
def test_it_runs_from_top_to_bottom(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its cells are plain Python, so no kernel is needed, and warnings are errors here too."""
    monkeypatch.setenv("MNISTMLP_DATA_DIR", str(small))
    names: dict[str, Any] = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec("".join(cell["source"]), names)
    lines = capsys.readouterr().out.splitlines()
    assert "all derivatives agree" in lines
    assert lines[-1].startswith("epoch 3  test accuracy ")
