"""The files that a run writes, where others are in their place."""

from pathlib import Path
from typing import Any

import pytest

from mnistmlp.brains.brain import load_brain
from mnistmlp.training import loop
from tests.cli.conftest import Run
from tests.conftest import names

TINY = ["--hidden", "8", "--epochs", "2", "--lr", "6", "--validation", "200"]


def test_a_long_name(run: Run, small: Path) -> None:
    name = "n" * 251 + ".npz"
    assert run("train", *TINY, "-q", "--data-dir", small, "-o", name).stdout == f"{name}\n"
    result = run("train", *TINY, "--data-dir", small, "-o", "n" + name)
    assert result.exit_code == 2
    assert result.stderr.endswith(".npz: file name too long\n")


@pytest.mark.parametrize("output", ["brain.npz", "some.npz"])
def test_an_output_that_exists_is_replaced_by_force_alone_and_kept(
    run: Run, small: Path, output: str
) -> None:
    Path(output).write_bytes(b"old")
    Path(output).chmod(0o640)
    words = [
        "train",
        *TINY,
        "--data-dir",
        small,
        *([] if output == "brain.npz" else ["-o", output]),
    ]
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"error: --output: {output} exists\n"
        f"hint: name another file, or use --force, which keeps this one as {output}.bak\n"
    )
    assert names() == [output]
    result = run(*words, "--force")
    assert (result.exit_code, result.stdout) == (0, f"{output}\n")
    assert f"kept the old {output} as {output}.bak\n" in result.stderr
    assert Path(f"{output}.bak").read_bytes() == b"old"
    assert Path(output).stat().st_mode & 0o777 == 0o640
    assert load_brain(Path(output)).network.sizes == (784, 8, 10)
    assert names() == [output, f"{output}.bak"]


def test_a_file_that_appears_during_training_is_kept(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = loop.fit

    def fit_meanwhile(*args: Any, **options: Any) -> Any:
        Path("brain.npz").write_bytes(b"new")
        return fit(*args, **options)

    monkeypatch.setattr("mnistmlp.brains.train.fit", fit_meanwhile)
    result = run("train", *TINY, "--data-dir", small)
    assert "kept the old brain.npz as brain.npz.bak\n" in result.stderr
    assert Path("brain.npz.bak").read_bytes() == b"new"
    assert load_brain(Path("brain.npz")).network.sizes == (784, 8, 10)


def test_a_log_that_exists_is_replaced_by_force_alone_and_kept(run: Run, small: Path) -> None:
    Path("log").write_text("old")
    words = ["train", *TINY, "--data-dir", small, "--log", "log"]
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: --log: log exists\nhint: name another file, or ")
    assert Path("log").read_text() == "old"
    Path("real").write_text("old")
    Path("real").chmod(0o600)
    Path("log").unlink()
    Path("log").symlink_to("real")
    assert run(*words, "--force").exit_code == 0
    assert Path("real.bak").read_text() == "old"
    assert Path("log").is_symlink()
    assert Path("real").stat().st_mode & 0o777 == 0o600
    assert len(Path("log").read_text().splitlines()) == 2


def test_an_empty_log_needs_no_backup(run: Run, small: Path) -> None:
    Path("log").touch()
    Path("log.bak").write_text("mine")
    assert run("train", *TINY, "--data-dir", small, "--log", "log").exit_code == 0
    assert Path("log.bak").read_text() == "mine"
