from __future__ import annotations

import json
import random
import signal
import sys
import tomllib
from pathlib import Path
from traceback import format_exception
from typing import get_args

import pytest
from typer.testing import CliRunner

from mnistmlp.cli.app import app
from mnistmlp.cli.tune.options import Options
from mnistmlp.cli.tune.report import format_outcome
from mnistmlp.tuning import search
from mnistmlp.tuning.outcomes import Cost, Outcome
from mnistmlp.tuning.samplers import PrunerName, SamplerName
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
    assert "3 trials" in lines
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


def test_pictures_of_a_finished_search(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune = ["tune", *SHORT, *SEARCH, "--data-dir", small, "--trials", "2", "--plots", "a/b"]
    first = run(*tune)
    assert first.exit_code == 0
    assert names("a/b") == ["history.png", "history.svg"]
    assert first.stderr.endswith(
        "plots: a/b/history.svg, a/b/history.png\n"
        "a/b/importance is left out: it takes 30 trials that were trained to the end, "
        "not all alike\n"
    )
    refused = run(*tune)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "a/b/history.svg exists" in refused.stderr
    monkeypatch.setattr(search, "ENOUGH", 2)
    again = run(*tune, "--force", "--quiet")
    assert (again.exit_code, again.stdout, again.stderr) == (0, first.stdout, "")
    assert {"history.svg.bak", "importance.png", "importance.svg"} <= {*names("a/b")}
    assert Path("a/b/history.svg").read_bytes() == Path("a/b/history.svg.bak").read_bytes()
    Path("history.svg").symlink_to("tune.db")
    for words in (["--plots", "."], ["--output", "tune.db"], ["--output", "history.svg"]):
        assert run(*tune, "--force", *words).exit_code == 2
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    missing = run(*tune, "--plots", "c")
    assert (missing.exit_code, missing.stdout, Path("c").exists()) == (1, "", False)
    assert missing.stderr.endswith(f"\nhint: {install_command('report')}\n")


def test_a_front_of_recipes(run: Run, small: Path) -> None:
    sizes = ["--activation", "relu", "--epochs", "1", "--validation", "300"]
    tune = ["tune", *sizes, "--search", "hidden=8|16,16|32", "--data-dir", small, "--trials", "4"]
    tune += ["--pareto", "parameters"]
    printed = run(*tune)
    assert printed.exit_code == 0
    assert "  on the front\n" in printed.stderr
    heading, *rows = printed.stdout.splitlines()
    assert heading == "parameters  validation  trial  changed settings"
    trials = [int(each.split()[2]) for each in rows]
    parameters = [int(each.split()[0].replace(",", "")) for each in rows]
    assert parameters == sorted(parameters)

    refused = run(*tune, "--output", "best.toml")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == (
        "error: --output: best.toml is one file, and --pareto finds several recipes\n"
        "hint: put {trial} in its name, such as best-{trial}.toml\n"
    )
    tune += ["--output", "best-{trial}.toml", "--plots", "."]
    written = run(*tune)
    assert written.stdout.splitlines() == [f"best-{trial}.toml" for trial in trials]
    assert printed.stdout in written.stderr
    assert {"front.png", "front.svg", "history.png"} <= {*names()}
    assert run("train", "--recipe", f"best-{trials[-1]}.toml", "--data-dir", small).exit_code == 0
    assert "best-{trial}.toml" not in names()
    again = run(*tune)
    assert (again.exit_code, again.stdout) == (2, "")
    assert f"best-{min(trials)}.toml exists" in again.stderr

    found = json.loads(run(*tune, "--force", "--json", "--quiet").stdout)
    assert [each["trial"] for each in found["front"]] == trials
    assert [each["output"] for each in found["front"]] == written.stdout.split()
    hidden = [each["recipe"]["hidden"] for each in found["front"]]
    assert hidden == [list(each["settings"]["hidden"]) for each in found["front"]]
    assert found["best"]["accuracy"] == found["front"][-1]["accuracy"]


def test_a_search_without_the_recipe_itself(run: Run, small: Path) -> None:
    tune = ["tune", *SHORT, "--data-dir", small, "--trials", "2", "--search"]
    without = run(*tune, "batch_size=16|64,learning_rate").stderr
    assert "\n2 trials\nbest: trial " in without
    assert "in the first" not in without
    one = run("tune", *SHORT, "--data-dir", small, "--trials", "1", "--study", "one").stderr
    assert "\n1 trial; the first is the recipe itself\n" in one
    run("recipes", *SHORT, "--learning-rate", "0.123456", "--save", "own.toml")
    words = ["--recipe", "own.toml", "--study", "own"]
    with_it = run(*tune, "batch_size=16|32,learning_rate", *words).stderr  # of four digits
    assert "\n2 trials; the first is the recipe itself\n" in with_it


def test_what_else_stays_fixed_is_as_in_train(run: Run, small: Path) -> None:
    rest = ["--data-dir", small, "--quiet", "--json"]
    run("train", *SHORT, "--epochs", "3", *rest, "-o", "start.npz")
    settings = ["--epochs", "1", "--validation", "300", *rest]
    search = ["--search", "learning_rate", "--trials", "2", "--output", "best.toml", "--force"]
    words = ["--init", "start.npz", "--synthetic", "0.1", "--prune", "0.5", "--half"]
    for fixed in (words[:2], words[2:4], words[4:6], words[6:], words):
        hidden = [] if "--init" in fixed else ["--hidden", "16", "--activation", "relu"]
        study = [*settings, *hidden, "--study", "".join(fixed)]
        tuned = json.loads(run("tune", *study, *search, *fixed).stdout)
        trained = run("train", "--recipe", "best.toml", *rest, *fixed, "-o", "b.npz", "--force")
        best = tuned["best"]["accuracy"]
        assert json.loads(trained.stdout)["validation_accuracy"] == best, fixed
        assert tuned["recipe"]["hidden"] == [16]
    others = run("tune", *settings, *search, "--study", "".join(words), *words[:2])
    assert others.exit_code == 2
    assert others.stderr.startswith("error: --study: tune.db: study --initstart.npz")
    assert " not none\n" in others.stderr


@pytest.mark.parametrize("recipe", [[], ["--recipe", "own.toml"]], ids=["its own", "a file"])
def test_the_layers_of_an_initial_brain_are_not_searched(
    run: Run, small: Path, recipe: list[str]
) -> None:
    rest = ["--data-dir", small, "--quiet", "--json"]
    run("train", *SHORT, *rest, "-o", "start.npz")
    run("recipes", *SHORT, "--save", "own.toml")
    words = ["--init", "start.npz", "--epochs", "1", "--validation", "300", "--trials", "1"]
    found = json.loads(run("tune", *words, *recipe, *rest).stdout)
    assert found["recipe"]["hidden"] == [16]
    assert not {"hidden", "receptive_field"} & found["best"]["settings"].keys()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--init", "pretrained", "--hidden", "20"], "--hidden: the initial brain has layers"),
        (["--init", "pretrained", "--search", "hidden=8|16"], "--search: hidden: is also fixed"),
        (["--synthetic", "0.1", "--limit", "99"], "--synthetic: cannot be used with limit"),
        (
            ["--synthetic", "0.1", "--search", "limit=9:99"],
            "--synthetic: cannot be used with limit",
        ),
    ],
)
def test_what_does_not_go_together(run: Run, words: list[str], message: str) -> None:
    refused = run("tune", *words)
    assert (refused.exit_code, refused.stdout, names()) == (2, "", [])
    assert refused.stderr.startswith(f"error: {message}")
    assert refused.stderr.count("\n") == 1


def test_a_front_has_no_pruner(run: Run) -> None:
    result = run("tune", "--pareto", "seconds", "--pruner", "median")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: --pruner: cannot be used with --pareto, which trains every trial to its end\n"
    )


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
    assert get_args(get_args(types["pruner"])[0]) == get_args(PrunerName)
    assert get_args(get_args(types["pareto"])[0]) == get_args(Cost)


def test_a_reason_fits_the_line() -> None:
    outcome = Outcome(7, None, "x" * 200, None, 0, 0.0, 0, {})
    assert len(format_outcome(outcome, 1000)) < 80


@pytest.mark.parametrize("pareto", [False, True])
def test_killed_workers_lose_nothing(small: Path, postgresql: Server, pareto: bool) -> None:
    postgresql.clear()
    rng = random.Random(Path(sys.executable).stat().st_ino)
    run_round(Path(), small, postgresql.url, rng, Size(trials=6, epochs=2, pareto=pareto))


def test_a_password_is_never_printed(
    run: Run, small: Path, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune = ["tune", *SHORT, *SEARCH, "--data-dir", small, "--trials", "1", "--study", "secret"]
    refused = run(*tune, "--storage", postgresql.url_with("s3cret"))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: postgresql+psycopg://tester:***@127.0.0.1:")
    assert refused.stderr.endswith('password authentication failed for user "tester"\n')
    assert refused.stderr.count("\n") == 1

    def fail(*args: object, **options: object) -> None:
        raise ValueError("a mistake")

    done = run(*tune, "--storage", postgresql.url, "--json")
    with monkeypatch.context() as broken:
        broken.setattr(search, "fit", fail)
        words = [*map(str, tune), "--storage", postgresql.url, "--study", "broken"]
        mistake = CliRunner().invoke(app, words).exception
    assert isinstance(mistake, ValueError)
    traceback = "".join(format_exception(mistake))
    refused = run(*tune, "--storage", postgresql.url, "--seed", "1")
    assert (done.exit_code, refused.exit_code) == (0, 2)
    assert "tester:***@127.0.0.1" in refused.stderr
    for text in (done.stdout, done.stderr, refused.stderr, traceback):
        assert postgresql.password not in text
