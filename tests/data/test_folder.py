import gzip
import pwd
import shutil
from pathlib import Path
from typing import get_args

import platformdirs
import pytest

from mnistmlp.data.catalog import MNIST, TRAIN_LABELS, DatasetName
from mnistmlp.data.folder import (
    cache_folder,
    cache_folder_of,
    default_folder,
    find_file,
    find_files,
    is_cache,
    missing_files,
)
from mnistmlp.errors import DataError


@pytest.fixture
def folder(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "data"))


def test_the_default_folder_is_in_the_users_cache(tmp_path: Path) -> None:
    assert default_folder() == cache_folder() == tmp_path / "cache" / "mnistmlp" / "mnist"
    assert is_cache(default_folder())
    for name in get_args(DatasetName):
        assert is_cache(cache_folder_of(name))
    assert not is_cache(cache_folder("mine"))
    assert not is_cache(tmp_path)
    assert missing_files(default_folder()) == list(MNIST)
    assert find_file(default_folder(), TRAIN_LABELS) is None


def test_the_variable_names_the_default_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    for named, folder in [
        ("data", Path("data")),
        ("~/data", Path.home() / "data"),
        ("", cache_folder()),
    ]:
        monkeypatch.setenv("MNISTMLP_DATA_DIR", named)
        assert default_folder() == folder
        assert is_cache(folder) == (named == "")


@pytest.fixture(params=["raises", "keeps ~"])
def _no_home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the user have no home folder, as old and new versions of platformdirs tell it."""

    def find_none(*args: object) -> Path:
        if request.param == "raises":
            raise RuntimeError("could not determine the home directory")
        return Path("~/.cache/mnistmlp")

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(platformdirs, "user_cache_path", find_none)


@pytest.mark.usefixtures("_no_home")
def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="no folder for the data: HOME is not set") as caught:
        default_folder()
    assert "set MNISTMLP_DATA_DIR to" in str(caught.value.hint)
    assert not is_cache(Path("data"))
    monkeypatch.setenv("MNISTMLP_DATA_DIR", "data")
    assert default_folder() == Path("data")


def test_a_plain_file_comes_before_a_compressed_one(folder: Path) -> None:
    plain = folder / TRAIN_LABELS.name
    packed = folder / f"{TRAIN_LABELS.name}.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert find_files(folder, TRAIN_LABELS) == [plain, packed]
    assert find_file(folder, TRAIN_LABELS) == plain


@pytest.mark.parametrize("suffix", [".gz", ".idx"])
def test_a_file_that_is_there_twice_must_be_the_same(folder: Path, suffix: str) -> None:
    plain = folder / TRAIN_LABELS.name
    name = plain.name + suffix if suffix == ".gz" else plain.name.replace("-idx", suffix)
    for content in (gzip.compress(plain.read_bytes()[:-1] + b"\0"), b"broken"):
        (folder / name).write_bytes(content)
        with pytest.raises(DataError) as caught:
            find_file(folder, TRAIN_LABELS)
        assert str(caught.value) == f"{folder}: {plain.name} and {name} have different contents"
        assert caught.value.hint


def test_a_folder_with_the_name_of_a_file_is_skipped(folder: Path) -> None:
    plain = folder / TRAIN_LABELS.name
    plain.rename(folder / "train-labels.idx1-ubyte")
    plain.mkdir()
    assert find_file(folder, TRAIN_LABELS) == folder / "train-labels.idx1-ubyte"
