"""`make help` lists what the Makefile can do."""

import re
from pathlib import Path

TEXT = (Path(__file__).parents[1] / "Makefile").read_text()


def test_help_has_a_line_for_every_target_that_is_no_file() -> None:
    phony = re.findall(r"^\.PHONY: (.*)", TEXT, re.MULTILINE)
    explained = re.findall(r"^([a-z-]+):.*## .+", TEXT, re.MULTILINE)
    assert sorted(" ".join(phony).split()) == sorted(explained)
    pattern = re.search(r"s/\^\\\(\[([^]]+)\]\*\\\):", TEXT)
    assert pattern, "help reads the lines in another way"
    assert all(re.fullmatch(f"[{pattern[1]}]*", name) for name in explained)


def test_ci_runs_all_tests() -> None:
    script = (Path(__file__).parents[1] / ".ci" / "run").read_text()
    assert "test-all" in script
    (recipe,) = re.findall(r"^test-all:.*\n\t(.*)", TEXT, re.MULTILINE)
    assert "slow" not in recipe
