from pathlib import Path

import numpy as np
import pytest

from mnistmlp.cli.hints import hint_for
from mnistmlp.data import builtin
from mnistmlp.data.builtin import builtin_folder, files_to_make, make_dataset
from mnistmlp.data.catalog import SYNTHETIC, TEST_LABELS, TRAIN_IMAGES
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.idx import read_idx, write_idx
from mnistmlp.data.synthetic import VERSION
from mnistmlp.errors import DataError, WriteError


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "new"
    make_dataset(folder)
    return folder


def test_the_data_set_is_recognised_by_its_digests(made: Path) -> None:
    train, test = load_dataset(made, "train"), load_dataset(made, "test")
    assert (train.images.shape, test.images.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert (train.name, test.name) == ("synthetic", "synthetic")
    assert files_to_make(made) == []


def test_missing_and_damaged_files_are_made(made: Path, tmp_path: Path) -> None:
    labels = tmp_path / TEST_LABELS.name
    make_dataset(tmp_path, [SYNTHETIC[3]])
    assert labels.read_bytes() == (made / TEST_LABELS.name).read_bytes()
    assert [file.name for file in files_to_make(tmp_path)] == [each.name for each in SYNTHETIC[:3]]
    labels.write_bytes(b"\0\0\x08")
    assert files_to_make(tmp_path) == list(SYNTHETIC)


def test_other_data_are_not_replaced(small: Path) -> None:
    with pytest.raises(DataError, match=f"{TRAIN_IMAGES.name}: holds other data") as caught:
        files_to_make(small)
    assert "--data-dir" in str(hint_for(caught.value))


def test_a_new_version_has_a_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = builtin_folder()
    assert old.parent == tmp_path / "cache" / "mnistmlp"
    old.mkdir(parents=True)
    for file in SYNTHETIC:
        write_idx(old / file.name, np.zeros(1, np.uint8))
    assert files_to_make(old) == []
    monkeypatch.setattr(builtin, "VERSION", VERSION + 1)
    assert files_to_make(builtin_folder()) == list(SYNTHETIC)
    assert read_idx(old / TEST_LABELS.name).shape == (1,)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="file/data: cannot be written: Not a directory"):
        make_dataset(tmp_path / "file" / "data")
