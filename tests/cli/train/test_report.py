from pathlib import Path

import pytest

from mnistmlp.cli.train.report import spell_options
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("advice", "expected"),
    [
        ("try `learning_rate=0.3`", "try --learning-rate 0.3"),
        (
            "try a smaller `batch_size`, more `epochs` or",
            "try a smaller --batch-size, more --epochs or",
        ),
        ("try `loss='cross-entropy'`", "try --loss cross-entropy"),
        ("nothing", "nothing"),
    ],
)
def test_settings_are_spelt_as_options(advice: str, expected: str) -> None:
    assert spell_options(advice) == expected


def test_train_and_those_who_use_the_brain_warn(run: Run, small: Path) -> None:
    words = ["train", "--lr", "1e-6", "--epochs", "1", "--validation", "200", "--quiet"]
    trained = run(*words, "--data-dir", small)
    assert (trained.exit_code, trained.stdout) == (0, "brain.npz\n")
    warning, hint = trained.stderr.splitlines()
    assert warning.startswith("warning: brain.npz: no better than guessing: validation ")
    assert hint.startswith("hint: there were few steps: ")
    for words in (["evaluate"], ["predict", "--index", "0"]):
        used = run(*words, "--data-dir", small)
        assert used.exit_code == 0
        assert used.stderr.startswith("warning: brain.npz: hardly better than guessing: ")
        assert used.stderr.count("\n") == 1


def test_a_rate_other_than_the_recipes_is_announced(run: Run, small: Path) -> None:
    words = ["train", "--epochs", "1", "--validation", "200", "--data-dir", small, "--force"]
    note = "learning rate 0.3, to suit these settings, instead of classic's 6\n"
    assert note in run(*words, "--activation", "relu").stderr
    for more in (["--activation", "relu", "--lr", "0.3"], [], ["--activation", "relu", "-q"]):
        assert "to suit" not in run(*words, *more).stderr
