import shutil
from pathlib import Path

import numpy as np
import pytest

from mnistmlp.data import folder
from mnistmlp.data.catalog import SYNTHETIC, TEST_IMAGES, TEST_LABELS
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.folder import cache_folder, cache_folder_of, missing_files
from mnistmlp.data.idx import read_idx, write_idx
from mnistmlp.data.load import load, make_dataset
from mnistmlp.data.placing import files_to_write
from mnistmlp.data.record import RECORD
from mnistmlp.errors import ChangedDataError, MissingDataError, MixedDataError, WriteError
from tests.conftest import names


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "new"
    make_dataset(folder)
    return folder


def test_the_data_set_is_recognised_by_its_digests(made: Path) -> None:
    train, test = load_dataset(made, "train"), load_dataset(made, "test")
    assert (train.images.shape, test.images.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert (train.name, test.name) == ("synthetic", "synthetic")
    assert files_to_write(made, SYNTHETIC) == []


def test_only_the_files_wanted_are_made(made: Path, tmp_path: Path) -> None:
    make_dataset(tmp_path, [SYNTHETIC[3]])
    assert names() == [RECORD, TEST_LABELS.name]
    assert Path(TEST_LABELS.name).read_bytes() == (made / TEST_LABELS.name).read_bytes()
    assert files_to_write(tmp_path, SYNTHETIC) == list(SYNTHETIC[:3])


def test_damage_is_noticed_and_repaired(made: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(made, tmp_path / "damaged"))
    content = (made / TEST_IMAGES.name).read_bytes()
    (folder / TEST_IMAGES.name).write_bytes(content[:-1])
    with pytest.raises(
        ChangedDataError, match="changed since it was written: 10000 x 28"
    ) as caught:
        load_dataset(folder, "test")
    assert caught.value.dataset == "synthetic"
    assert make_dataset(folder, files_to_write(folder, SYNTHETIC)) == [SYNTHETIC[2]]
    assert (folder / TEST_IMAGES.name).read_bytes() == content
    assert (folder / f"{TEST_IMAGES.name}.bak").read_bytes() == content[:-1]
    assert load_dataset(folder, "test").name == "synthetic"


def test_a_new_version_has_a_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = cache_folder_of("synthetic")
    assert old.parent == tmp_path / "cache" / "mnistmlp"
    old.mkdir(parents=True)
    for file in SYNTHETIC:
        write_idx(old / file.name, np.zeros(1, np.uint8))
    assert missing_files(old) == []
    monkeypatch.setitem(folder.CACHES, "synthetic", "synthetic-2")
    assert missing_files(cache_folder_of("synthetic"), SYNTHETIC) == list(SYNTHETIC)
    assert read_idx(old / TEST_LABELS.name).shape == (1,)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match=r"file/data/.*: cannot be written: "):
        make_dataset(tmp_path / "file" / "data")


# --- By name -------------------------------------------------------------------


def test_mnist_is_fetched_on_first_use_alone(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []

    def fetch(to: Path, dataset: str, **options: object) -> None:
        fetched.append(to)
        shutil.copytree(small, to)

    monkeypatch.setattr("mnistmlp.data.download.download_dataset", fetch)
    for _ in range(2):
        train, test = load("mnist")
        assert (len(train.images), len(test.images), train.split) == (1200, 300, "train")
    assert fetched == [cache_folder()]


@pytest.mark.slow
def test_synthetic_digits_are_made_on_first_use(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mnistmlp.data.load.make_dataset", lambda to, files: shutil.copytree(made, to)
    )
    assert [each.name for each in load("synthetic")] == ["synthetic", "synthetic"]
    monkeypatch.delattr("mnistmlp.data.load.make_dataset")
    assert [each.name for each in load("synthetic")] == ["synthetic", "synthetic"]


@pytest.mark.parametrize("how", ["folder", "variable"])
def test_a_folder_that_is_named_is_only_read(
    how: str, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(shutil.copytree(small, "own"))
    if how == "variable":
        monkeypatch.setenv("MNISTMLP_DATA_DIR", "own")
    named = own if how == "folder" else None
    assert len(load(folder=named)[1].images) == 300
    with pytest.raises(MixedDataError, match="does not hold the synthetic digits"):
        load("synthetic", folder=named)
    (own / TEST_LABELS.name).unlink()
    with pytest.raises(MissingDataError, match="own: no t10k-labels-idx1-ubyte"):
        load(folder=named)
    assert not (own / TEST_LABELS.name).exists()


def test_a_folder_with_files_of_two_data_sets_is_warned_of(small: Path, made: Path) -> None:
    mixed = Path(shutil.copytree(small, "mixed"))
    for file in (TEST_IMAGES, TEST_LABELS):
        shutil.copy(made / file.name, mixed)
    with pytest.warns(UserWarning, match="mixed holds files of different data sets"):
        load(folder=mixed)
