import posixpath
import shutil
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from mnistmlp.data import download
from mnistmlp.data.catalog import MNIST
from mnistmlp.data.folder import cache_folder
from mnistmlp.data.record import RECORD
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
def test_the_rest_of_mnist_is_fetched_into_the_cache(run: Run, brain: Path, mnist: Path) -> None:
    cache_folder().mkdir(parents=True)
    for path in mnist.glob("t10k-labels*"):
        shutil.copy(path, cache_folder())
    assert run("evaluate", brain).exit_code == 0
    assert len(names(str(cache_folder()))) == 4 + 1  # the record


@pytest.mark.usefixtures("_mirror")
@pytest.mark.parametrize("variable", [False, True])
def test_only_the_cache_folder_is_filled_on_first_use(
    run: Run, brain: Path, variable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = [] if variable else ["--data-dir", "data"]
    if variable:
        monkeypatch.setenv("MNISTMLP_DATA_DIR", "data")
    tiny = ["--hidden", "none", "--epochs", 1]
    for what in ("no such folder", "an empty folder"):
        for words in (["train", *tiny], ["evaluate", brain], ["predict", "--index", 0]):
            result = run(*words, *named)
            assert (result.exit_code, result.stdout) == (1, "")
            assert result.stderr.splitlines()[-2:] == [
                f"error: data: {what}",
                "hint: mnistmlp download --data-dir data",
            ]
            assert names() == (["data"] if what == "an empty folder" else [])
        Path("data").mkdir(exist_ok=True)
        assert names("data") == []
    assert run("download", *named).exit_code == 0
    assert run("evaluate", brain, *named).exit_code == 0


@pytest.mark.usefixtures("_mirror")
def test_the_users_data_are_never_mixed_or_replaced(run: Run, brain: Path, own: Path) -> None:
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (own / name).unlink()
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    tiny = ["--hidden", "none", "--epochs", 1, "--validation", 0]
    assert run("train", *tiny, "--data-dir", own).exit_code == 0
    result = run("evaluate", brain, "--data-dir", own)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"error: {own}: no t10k-images-idx3-ubyte and no t10k-labels-idx1-ubyte, plain or .gz",
        "  found: train-images-idx3-ubyte, train-labels-idx1-ubyte",
    ]
    result = run("download", "--data-dir", own)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "--force, which keeps each of them as NAME.bak" in result.stderr
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before
    result = run("download", "--data-dir", own, "--force")
    assert (result.exit_code, result.stderr.count("kept as .bak")) == (0, 2)
    assert {f"{name}.bak": (own / f"{name}.bak").read_bytes() for name in before} == {
        f"{name}.bak": content for name, content in before.items()
    }
    assert run("evaluate", brain, "--data-dir", own).exit_code == 0


def test_files_of_two_data_sets_are_noticed(run: Run, brain: Path, own: Path, mnist: Path) -> None:
    assert run("evaluate", brain, "--data-dir", own).stderr == ""
    for path in mnist.glob("train-*"):
        (own / path.name.removesuffix(".gz")).unlink()
        shutil.copy(path, own)
    result = run("evaluate", brain, "--data-dir", own)
    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: {own} holds files of different data sets: ")


def test_only_the_files_of_the_split_are_needed(
    run: Run, brain: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MIRRORS", ())
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        (own / name).unlink()
    assert run("evaluate", brain, "--data-dir", own).exit_code == 0
    assert run("predict", "--brain", brain, "--data-dir", own, "--index", 3).exit_code == 0


def test_a_user_without_a_home_is_told_what_to_name(
    run: Run, brain: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_none(*args: object) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(platformdirs, "user_cache_path", find_none)
    for words in (["download"], ["evaluate", brain], ["download", "--dataset", "synthetic"]):
        result = run(*words)
        assert (result.exit_code, result.stdout) == (1, "")
        error, hint = result.stderr.splitlines()
        assert error.startswith("error: no folder for the data: HOME is not set")
        assert hint.startswith("hint: set MNISTMLP_DATA_DIR to a folder")
    monkeypatch.setattr(posixpath, "expanduser", str)
    result = run("download", "--data-dir", "~/data")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "~/data: HOME is not set, and this user has no home folder" in result.stderr
    tiny = ["train", "--hidden", "none", "--epochs", 1, "--validation", 200, "--quiet"]
    for words in (["evaluate", brain], tiny):
        result = run(*words, "--data-dir", own)
        assert (result.exit_code, result.stderr) == (0, "")


def test_a_cache_folder_is_named_without_what_fills_it() -> None:
    """To import the generator of digits takes 18 ms."""
    code = (
        "import sys; from mnistmlp.data.load import cache_folder_of; "
        "print(*map(cache_folder_of, ('mnist', 'synthetic'))); "
        "assert 'mnistmlp.data.synthetic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_an_empty_name_is_not_this_folder(run: Run, brain: Path) -> None:
    result = run("evaluate", brain, "--data-dir", "")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--data-dir" in result.stderr
    assert "the name is empty" in result.stderr


def test_no_hint_on_a_users_file_leads_to_its_loss(run: Run, brain: Path, own: Path) -> None:
    (own / "t10k-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03")
    result = run("evaluate", brain, "--data-dir", own)
    assert result.exit_code == 1
    assert "hint: " not in result.stderr


def test_a_home_folder_is_expanded(
    run: Run, brain: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(own.parent))
    brain = Path(shutil.copy(brain, own.parent / "small.npz"))
    found = run("predict", "--data-dir=~/own", "--brain=~/small.npz", "--index", 3)
    assert found.exit_code == 0
    monkeypatch.setenv("MNISTMLP_DATA_DIR", "~/own")
    assert run("predict", "--brain", brain, "--index", 3).stdout == found.stdout
    result = run("predict", "--brain=~nobody-of-this-name/x.npz", "--index", 3)
    assert result.stderr.startswith("error: ~nobody-of-this-name/x.npz: no such file")


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
        assert error.startswith(f"error: {path}: changed since it was written: ")
        assert hint == "hint: mnistmlp download"
        assert run("download").stderr.count("fetched and verified") == 1
        (folder / "t10k-images-idx3-ubyte.bak").unlink()
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
