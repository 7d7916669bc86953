"""Brains whose `meta` says what cannot be done again."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import Run
from tests.conftest import names


def forge(brain: Path, change: dict[str, Any]) -> None:
    """Write a copy of a brain whose recipe says otherwise."""
    with np.load(brain) as archive:
        content = dict(archive)
    meta = json.loads(content["meta"].item())
    meta["recipe"] |= change
    np.savez("forged.npz", **content | {"meta": np.array(json.dumps(meta))})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden": [2**40]}, "forged.npz: has other layers than its recipe"),
        ({"hidden": []}, "forged.npz: has other layers than its recipe"),
        ({"validation": 1200}, "forged.npz: validation: 1200 of 1200 images leaves none"),
        ({"receptive_field": 1e300}, "forged.npz: receptive_field: 1e+300 is not"),
    ],
)
def test_the_file_is_at_fault(
    run: Run, brain: Path, small: Path, change: dict[str, Any], message: str
) -> None:
    forge(brain, change)
    result = run("train", "--like", "forged.npz", "--data-dir", small, "--quiet")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {message}")
    assert result.stdout == ""
    assert names() == ["forged.npz"]
