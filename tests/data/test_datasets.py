import gzip
import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnistmlp.cli.hints import hint_for
from mnistmlp.data import datasets, folder as folder_module, record as record_module
from mnistmlp.data.catalog import (
    FILES,
    SPLITS,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_LABELS,
    DataFile,
    Split,
)
from mnistmlp.data.datasets import describe_mixture, load_dataset
from mnistmlp.data.folder import cache_folder, file_digest, find_file, is_verified, missing_files
from mnistmlp.data.idx import read_idx, write_idx
from mnistmlp.data.placing import place
from mnistmlp.data.record import RECORD, add_to_record, read_record
from mnistmlp.errors import DataError, MissingDataError, WriteError


@pytest.fixture
def folder(small: Path, tmp_path: Path) -> Path:
    """A copy of the small data set, for tests to damage."""
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


def test_missing_files_are_named(folder: Path) -> None:
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(MissingDataError, match=f"{folder}: no t10k-labels-idx1-ubyte, plain"):
        load_dataset(folder, "test")
    assert load_dataset(folder, "train").labels.shape == (1200,)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train-images-idx3-ubyte", np.zeros((1200, 28, 27), np.uint8), "1200 x 28 x 27 items"),
        ("train-images-idx3-ubyte", np.zeros((1200, 784), np.uint8), "expected N x 28 x 28 uint8"),
        ("train-images-idx3-ubyte", np.zeros((1200, 28, 28), np.int16), "items of type int16"),
        ("train-images-idx3-ubyte", np.zeros((5, 28, 28), np.uint8), "5 train images, but 1200"),
        ("train-images-idx3-ubyte", np.zeros((0, 28, 28), np.uint8), "no items"),
        ("train-labels-idx1-ubyte", np.full(1200, 10, np.uint8), "label 10, expected 0 to 9"),
        ("train-labels-idx1-ubyte", np.zeros((1200, 1), np.uint8), "expected N uint8"),
        ("train-labels-idx1-ubyte", np.zeros((), np.uint8), "no items"),
    ],
)
def test_files_of_the_wrong_kind_are_refused(
    folder: Path, name: str, array: np.ndarray, message: str
) -> None:
    write_idx(folder / name, array, overwrite=True)
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


@pytest.fixture
def downloaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of downloaded small files that pass for MNIST."""
    published = []
    for file in SPLITS["test"]:
        content = (folder / file.name).read_bytes()
        published.append(DataFile(file.name, len(content), hashlib.sha256(content).hexdigest()))
        place(folder, published[-1], content)
    monkeypatch.setitem(SPLITS, "test", tuple(published))
    monkeypatch.setitem(FILES, "mnist", published)
    return folder


def change(path: Path) -> None:
    """Change a byte of the last image or label."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))  # even if the clock is coarse


def refuse(array: object) -> str:
    raise AssertionError("hashed")


def refuse_to_write(path: Path) -> None:
    raise WriteError(f"{path}: cannot be written: Permission denied")


def test_downloaded_files_are_not_hashed_again(
    downloaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = load_dataset(downloaded, "test")
    for module in (datasets, folder_module):
        monkeypatch.setattr(module, "idx_digest", refuse)
    assert load_dataset(downloaded, "test").digests == expected.digests
    assert load_dataset(downloaded, "test").name == "mnist"


def test_a_part_of_the_data_has_its_own_digest(downloaded: Path) -> None:
    assert load_dataset(downloaded, "test", limit=299).name == "custom"
    assert load_dataset(downloaded, "test", limit=300).name == "mnist"


def test_damage_is_noticed(downloaded: Path) -> None:
    for file in SPLITS["test"]:
        path = downloaded / file.name
        content = path.read_bytes()
        change(path)
        with pytest.raises(DataError, match=f"{path}: changed since it was written: SHA-256"):
            load_dataset(downloaded, "test", limit=1)
        path.write_bytes(content[:-1])
        with pytest.raises(
            DataError, match=r"changed since it was written: 300 .*items need"
        ) as caught:
            load_dataset(downloaded, "test")
        assert hint_for(caught.value) == f"mnistmlp download --data-dir {downloaded}"
        path.write_bytes(content)
        load_dataset(downloaded, "test")


def test_damage_in_the_cache_folder_has_a_shorter_hint(downloaded: Path) -> None:
    shutil.copytree(downloaded, cache_folder())
    change(cache_folder() / TEST_LABELS.name)
    with pytest.raises(DataError) as caught:
        load_dataset(cache_folder(), "test")
    assert hint_for(caught.value) == "mnistmlp download"


def test_own_data_can_replace_downloaded_data(downloaded: Path) -> None:
    change(downloaded / TEST_IMAGES.name)
    with pytest.raises(DataError) as caught:
        load_dataset(downloaded, "test")
    assert (hint_for(caught.value) or "").endswith(
        f"(if the change is intended: rm {downloaded / RECORD})"
    )
    (downloaded / RECORD).unlink()
    assert load_dataset(downloaded, "test").name == "custom"


def test_a_touched_file_is_hashed_once(downloaded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in SPLITS["test"]:
        os.utime(downloaded / file.name, ns=(0, 0))
    with monkeypatch.context() as patch:
        patch.setattr(record_module, "atomic_write", refuse_to_write)
        load_dataset(downloaded, "test")  # in a folder that cannot be written
    load_dataset(downloaded, "test")
    for module in (datasets, folder_module):
        monkeypatch.setattr(module, "idx_digest", refuse)
    assert load_dataset(downloaded, "test").name == "mnist"


def test_a_record_with_other_digests_is_ignored(downloaded: Path) -> None:
    entries = json.loads((downloaded / RECORD).read_text())
    for entry in entries.values():
        entry["sha256"] = "0" * 64
    (downloaded / RECORD).write_text(json.dumps(entries))
    assert load_dataset(downloaded, "test").name == "mnist"
    change(downloaded / TEST_IMAGES.name)
    assert load_dataset(downloaded, "test").name == "custom"


def test_changes_to_a_compressed_file_are_noticed(downloaded: Path) -> None:
    file = SPLITS["test"][0]
    packed = downloaded / f"{file.name}.gz"
    packed.write_bytes(gzip.compress((downloaded / file.name).read_bytes()))
    (downloaded / file.name).unlink()
    assert load_dataset(downloaded, "test").name == "mnist"
    add_to_record(packed, packed.stat(), file.sha256)
    assert packed.name in read_record(downloaded)
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(
        DataError, match=f"{packed}: changed since it was written: damaged gzip stream"
    ):
        load_dataset(downloaded, "test")


@pytest.mark.parametrize("split", ["train", "test"])
def test_files_of_different_data_sets_are_told_apart(
    folder: Path, monkeypatch: pytest.MonkeyPatch, split: Split
) -> None:
    assert describe_mixture(folder, load_dataset(folder, split)) is None
    known = replace(TRAIN_LABELS, sha256=str(file_digest(folder / TRAIN_LABELS.name)))
    monkeypatch.setitem(FILES, "mnist", [known])
    mixture = str(describe_mixture(folder, load_dataset(folder, split)))
    assert mixture.startswith(f"{folder} holds files of different data sets: ")
    assert "train-labels-idx1-ubyte (mnist)" in mixture
    assert "t10k-labels-idx1-ubyte (custom)" in mixture
    assert ("train-images-idx3-ubyte (custom)" in mixture) == (split == "train")
