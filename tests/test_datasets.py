import gzip
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from mnistmlp.datasets import (
    MNIST,
    TRAIN_LABELS,
    default_folder,
    find_file,
    is_verified,
    load_dataset,
    missing_files,
)
from mnistmlp.errors import DataError
from mnistmlp.idx import read_idx, write_idx


@pytest.fixture
def folder(small: Path, tmp_path: Path) -> Path:
    """A copy of the small data set that a test may damage."""
    return Path(shutil.copytree(small, tmp_path / "data"))


def test_splits_are_loaded(small: Path) -> None:
    train, test = load_dataset(small, "train"), load_dataset(small, "test")
    assert (train.images.shape, train.labels.shape) == ((1200, 28, 28), (1200,))
    assert test.images.shape == (300, 28, 28)
    assert len(load_dataset(small, "test", limit=10**9).labels) == 300
    assert (train.name, train.split) == ("custom", "train")
    limited = load_dataset(small, "train", limit=7)
    np.testing.assert_array_equal(limited.images, train.images[:7])
    assert limited.labels.shape == (7,)


def test_digests_are_of_the_uncompressed_files(small: Path) -> None:
    for name, found in load_dataset(small, "train").digests.items():
        assert found == hashlib.sha256((small / name).read_bytes()).hexdigest()


def test_other_layouts_are_found(folder: Path) -> None:
    expected = load_dataset(folder, "train").images.copy()
    plain = folder / "train-images-idx3-ubyte"
    plain.with_name(plain.name + ".gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    (folder / "train-labels-idx1-ubyte").rename(folder / "train-labels.idx1-ubyte")
    np.testing.assert_array_equal(load_dataset(folder, "train").images, expected)
    assert missing_files(folder) == []


def test_a_folder_of_the_files_name_is_not_the_file(folder: Path) -> None:
    plain = folder / "train-labels-idx1-ubyte"
    plain.rename(folder / "train-labels.idx1-ubyte")
    plain.mkdir()
    assert load_dataset(folder, "train").labels.shape == (1200,)


def test_a_plain_file_comes_before_a_compressed_one(folder: Path) -> None:
    plain = folder / TRAIN_LABELS.name
    (folder / f"{TRAIN_LABELS.name}.gz").write_bytes(gzip.compress(plain.read_bytes()))
    assert find_file(folder, TRAIN_LABELS) == plain


def test_the_cache_folder_is_the_users(tmp_path: Path) -> None:
    assert default_folder() == tmp_path / "cache" / "mnistmlp" / "mnist"
    assert missing_files(default_folder()) == list(MNIST)
    assert find_file(default_folder(), TRAIN_LABELS) is None


def test_a_missing_file_names_the_command(folder: Path) -> None:
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte: no such file") as caught:
        load_dataset(folder, "test")
    assert caught.value.hint == f"mnistmlp download --data-dir {folder}"


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train-images-idx3-ubyte", np.zeros((1200, 28, 27), np.uint8), "1200 x 28 x 27 items"),
        ("train-images-idx3-ubyte", np.zeros((1200, 784), np.uint8), "expected N x 28 x 28 uint8"),
        ("train-images-idx3-ubyte", np.zeros((1200, 28, 28), np.int16), "items of type >i2"),
        ("train-images-idx3-ubyte", np.zeros((5, 28, 28), np.uint8), "5 train images, but 1200"),
        ("train-images-idx3-ubyte", np.zeros((0, 28, 28), np.uint8), "holds no items"),
        ("train-labels-idx1-ubyte", np.full(1200, 10, np.uint8), "label 10, expected 0 to 9"),
        ("train-labels-idx1-ubyte", np.zeros((1200, 1), np.uint8), "expected N uint8"),
        ("train-labels-idx1-ubyte", np.zeros((), np.uint8), "holds no items"),
    ],
)
def test_files_of_the_wrong_kind(folder: Path, name: str, array: np.ndarray, message: str) -> None:
    write_idx(folder / name, array)
    with pytest.raises(DataError, match=message):
        load_dataset(folder, "train")


def test_real_mnist(mnist: Path) -> None:
    train, test = load_dataset(mnist, "train"), load_dataset(mnist, "test")
    assert (len(train.images), len(test.images)) == (60000, 10000)
    assert (train.name, test.name) == ("mnist", "mnist")
    assert train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(test.labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    path = find_file(mnist, TRAIN_LABELS)
    assert path
    assert is_verified(path, TRAIN_LABELS)


def test_changed_bytes_are_not_verified(mnist: Path, tmp_path: Path) -> None:
    path = find_file(mnist, TRAIN_LABELS)
    assert path
    labels = read_idx(path).copy()
    labels[17] ^= 1
    write_idx(tmp_path / "changed", labels)
    assert not is_verified(tmp_path / "changed", TRAIN_LABELS)
    assert not is_verified(tmp_path / "none", TRAIN_LABELS)
