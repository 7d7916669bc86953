from __future__ import annotations

import json
import random
import signal
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from mnistmlp.cli.tune.options import Options
from mnistmlp.cli.tune.report import format_outcome
from mnistmlp.tuning.samplers import PrunerName, SamplerName
from mnistmlp.tuning.search import Outcome
from mnistmlp.version import install_command
from tests.cli.conftest import Run, Start
from tests.cli.terminal import Terminal
from tests.conftest import names
from tests.postgresql import Server
from tests.soak.searches import Size, run_round
from tests.test_layers import loaded_by_command

SHORT = ["--hidden", "16", "--activation", "relu", "--epochs", "1", "--validation", "300"]
SEARCH = ["--search", "learning_rate,batch_size=16|64"]


def test_a_search_finds_a_recipe_that_can_be_trained(run: Run, small: Path) -> None:
    tune = ["tune", *SHORT, *SEARCH, "--data-dir", small, "--output", "best.toml"]
    result = run(*tune, "--trials", "3")
    assert (result.exit_code, result.stdout) == (0, "best.toml\n")
    lines = result.stderr.splitlines()
    assert max(map(len, lines)) < 80
    assert lines[0].startswith("trial 1/3  validation ")
    assert lines[0].endswith(" s  best so far")
    assert lines[1].startswith("  learning rate 0.3, batch size ")
    assert "3 trials; the first is the recipe itself" in lines
    assert names() == ["best.toml", "tune.db"]

    refused = run(*tune, "--trials", "4")
    assert refused.stderr.startswith("error: --output: best.toml exists\nhint: ")
    more = run(*tune, "--trials", "4", "--force", "--json")
    assert more.stderr.startswith("3 of 4 trials are done, the best ")
    assert [line[:9] for line in more.stderr.splitlines() if "/4" in line] == ["trial 4/4"]
    found = json.loads(more.stdout)
    assert [each["trial"] for each in found["trials"]] == [1, 2, 3, 4]
    best = found["best"]
    assert best["accuracy"] == max(each["accuracy"] for each in found["trials"])
    written = tomllib.loads(Path("best.toml").read_text())
    assert written["learning_rate"] == best["settings"]["learning_rate"]
    assert Path("best.toml.bak").exists()

    trained = run("train", "--recipe", "best.toml", "--data-dir", small, "--json")
    assert json.loads(trained.stdout)["validation_accuracy"] == best["accuracy"]
    again = run("tune", *SHORT, *SEARCH, "--data-dir", small, "--trials", "4", "--quiet")
    assert again.stderr == ""
    assert tomllib.loads(again.stdout) == written


def test_no_trial_is_the_best(run: Run, small: Path) -> None:
    result = run("tune", *SHORT, "--data-dir", small, "--trials", "1", "--max-parameters", "10")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "trial 1/1  ended early: 12,730 parameters\n"
        "error: no trial was trained to the end, so there is no best one\n"
    )


def test_without_the_extra(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.startswith("mnistmlp.tuning"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "optuna", None)
    result = run("tune")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: this needs the extra tune: ")
    assert result.stderr.endswith(f"\nhint: {install_command('tune')}\n")
    assert names() == []


def test_help_needs_no_optuna() -> None:
    assert not loaded_by_command("tune", "--help") & {"numpy", "optuna", "sqlalchemy"}


def test_on_a_terminal_a_bar_is_below_the_lines(start: Start, small: Path) -> None:
    terminal = Terminal(start, "tune", *SHORT, *SEARCH, "--data-dir", small, "--trials", "3")
    lines = terminal.read()
    assert terminal.end()[0] == 0
    assert "best " in terminal.shown
    assert "/3 trials" in terminal.shown
    assert [line for line in lines if "/3 trials" in line or "━" in line] == []
    assert [line[:9] for line in lines if "/3 " in line] == ["trial 1/3", "trial 2/3", "trial 3/3"]


def test_ctrl_c(start: Start, small: Path) -> None:
    process = start("tune", *SHORT, *SEARCH, "--data-dir", small, "--trials", "1000")
    assert process.stderr
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, b"")
    last = stderr.decode().splitlines()[-2:]
    assert last == ["run the same command again to continue the study in tune.db", "interrupted"]


def test_the_choices_are_those_of_the_search() -> None:
    types = {name: get_args(each.type)[0] for name, each in Options.__dataclass_fields__.items()}
    assert get_args(types["sampler"]) == get_args(SamplerName)
    assert get_args(types["pruner"]) == get_args(PrunerName)


def test_a_reason_fits_the_line() -> None:
    outcome = Outcome(7, None, "x" * 200, 0, 0.0, 0, {})
    assert len(format_outcome(outcome, 1000)) < 80


def test_killed_workers_lose_nothing(small: Path, postgresql: Server) -> None:
    postgresql.clear()
    rng = random.Random(Path(sys.executable).stat().st_ino)
    run_round(Path(), small, postgresql.url, rng, Size(trials=6, epochs=2))
