import shutil
from pathlib import Path

import pytest

from mnistmlp.data import download
from mnistmlp.data.catalog import MNIST
from mnistmlp.data.folder import RECORD
from tests.cli.conftest import Run, Start
from tests.cli.terminal import Terminal
from tests.conftest import names


@pytest.fixture
def own(small: Path, tmp_path: Path) -> Path:
    """A copy of the small data set, as a user's own data."""
    return Path(shutil.copytree(small, tmp_path / "own"))


@pytest.fixture
def _mirror(mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the real files the mirror that commands fetch from."""
    monkeypatch.setattr(download, "MIRRORS", (mnist.as_uri(),))


@pytest.mark.usefixtures("_mirror")
def test_the_first_use_fetches(run: Run, brain: Path) -> None:
    result = run("predict", "--brain", brain, "--index", 0)
    assert result.exit_code == 0
    assert result.stderr.count("fetched and verified") == 4
    assert names("cache/mnistmlp/mnist") == sorted([RECORD, *(file.name for file in MNIST)])
    assert run("predict", "--brain", brain, "--index", 0).stderr == ""


@pytest.mark.usefixtures("_mirror")
def test_the_rest_of_mnist_is_fetched(run: Run, brain: Path, mnist: Path) -> None:
    Path("data").mkdir()
    name = "t10k-labels-idx1-ubyte.gz"
    if (mnist / name).exists():
        shutil.copy(mnist / name, "data")
    assert run("evaluate", brain, "--data-dir", "data").exit_code == 0
    assert len(names("data")) == 4 + 1  # the record


@pytest.mark.usefixtures("_mirror")
def test_a_users_data_are_never_mixed_or_replaced(run: Run, brain: Path, own: Path) -> None:
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (own / name).unlink()
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    tiny = ["--hidden", "none", "--epochs", 1, "--validation", 0]
    assert run("train", *tiny, "--data-dir", own).exit_code == 0
    result = run("evaluate", brain, "--data-dir", own)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {own}/t10k-images-idx3-ubyte: no such file")
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before


def test_only_the_files_of_the_split_are_needed(
    run: Run, brain: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MIRRORS", ())
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        (own / name).unlink()
    assert run("evaluate", brain, "--data-dir", own).exit_code == 0
    assert run("predict", "--brain", brain, "--data-dir", own, "--index", 3).exit_code == 0


def test_an_empty_name_is_not_this_folder(run: Run, brain: Path) -> None:
    result = run("evaluate", brain, "--data-dir", "")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--data-dir" in result.stderr
    assert "the name is empty" in result.stderr


def test_a_damaged_file_gets_a_hint(run: Run, brain: Path, own: Path) -> None:
    (own / "t10k-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03")
    result = run("evaluate", brain, "--data-dir", own)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[1] == f"hint: mnistmlp download --data-dir {own}"


@pytest.mark.usefixtures("_mirror")
def test_damage_to_a_downloaded_file_is_noticed_and_repaired(run: Run, brain: Path) -> None:
    folder = Path("cache/mnistmlp/mnist").resolve()
    run("download")
    for damage in (b"", b"\xff"):
        path = folder / "t10k-images-idx3-ubyte"
        content = path.read_bytes()
        path.write_bytes(content[:-1] + damage)
        result = run("evaluate", brain)
        assert (result.exit_code, result.stdout) == (1, "")
        error, hint = result.stderr.splitlines()
        assert error.startswith(f"error: {path}: changed since it was downloaded: ")
        assert hint == "hint: mnistmlp download"
        assert run("download").stderr.count("fetched and verified") == 1
        assert path.read_bytes() == content
        assert run("evaluate", brain).exit_code == 0


@pytest.mark.parametrize("width", [80, 40])
def test_a_download_shows_a_bar_and_leaves_a_line_a_file(
    start: Start, mnist: Path, width: int
) -> None:
    command = ["download", "--mirror", mnist.as_uri(), "--data-dir", "d"]
    terminal = Terminal(start, *command, width=width)
    lines = terminal.read()
    assert terminal.end() == (0, b"d\n")
    assert "━" in terminal.shown
    assert (" MB" in terminal.shown) == (width == 80)
    assert "".join(lines) == "".join(f"{file.name}: fetched and verified" for file in MNIST)


def test_a_quiet_download_shows_nothing(start: Start, mnist: Path) -> None:
    command = ["download", "--mirror", mnist.as_uri(), "--data-dir", "d", "--quiet"]
    terminal = Terminal(start, *command)
    assert terminal.read() == [""]
    assert terminal.end() == (0, b"d\n")
