"""The seven ways to take a step take the same steps, and the page shows them."""

import re
import runpy

import numpy as np
import pytest

from tests.docs.pages import MATHS

FASTER = runpy.run_path(str(MATHS / "faster.py"))
TASK = FASTER["make_task"](5, 32, (20, 20, 20))


@pytest.mark.parametrize("name", FASTER["VARIANTS"])
def test_each_way_leads_to_the_same_weights(name: str) -> None:
    network, _, _ = TASK
    start = network.parameters.copy()
    expected = FASTER["image_by_image"](*TASK)
    reached = FASTER["VARIANTS"][name](*TASK)
    np.testing.assert_array_equal(network.parameters, start)
    assert np.abs(expected - start).max() > 0.1
    np.testing.assert_allclose(reached, expected, rtol=0, atol=1e-6)


def test_it_prints_the_tables_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    FASTER["main"](1, 1, 16, 6)
    printed = capsys.readouterr().out.splitlines()
    page = (MATHS / "9-fast.md").read_text()
    tables = re.findall(r"^\| variant .*\n\| ---.*\n(?:\|.*\n)+", page, re.MULTILINE)
    assert len(tables) == 2
    for table in tables:
        for line, shown in zip(printed, table.splitlines(), strict=True):
            assert line.split("|")[1] == shown.split("|")[1]
