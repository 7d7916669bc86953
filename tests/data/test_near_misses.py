import gzip
import os
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistmlp.data.catalog import FILES, MNIST, SPLITS, DataFile
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.folder import idx_digest, missing_files
from mnistmlp.data.idx import read_idx, write_idx
from mnistmlp.data.near_misses import MAX_SHOWN, missing_error
from mnistmlp.errors import MissingDataError
from tests.conftest import needs_fifos
from tests.data.conftest import obey

OWN = Path("my own")
TEST = SPLITS["test"]


@pytest.fixture(autouse=True)
def _own() -> None:
    OWN.mkdir()


def error_for(files: tuple[DataFile, ...] = TEST) -> MissingDataError:
    return missing_error(OWN, missing_files(OWN, files))


def test_a_new_or_empty_folder_can_be_filled() -> None:
    for folder, what in ((OWN, "an empty folder"), (Path("new"), "no such folder")):
        error = missing_error(folder, TEST)
        assert str(error) == f"{folder}: {what}"
        assert (error.folder, error.hint, error.details) == (folder, None, ())


def test_what_is_there_and_what_is_looked_for_are_listed() -> None:
    for number in range(MAX_SHOWN + 3):
        (OWN / f"{number:02}.txt").touch()
    error = error_for()
    names = " and no ".join(file.name for file in TEST)
    assert str(error) == f"{OWN}: no {names}, plain or .gz"
    assert error.details == (
        "found: 00.txt, 01.txt, 02.txt, 03.txt, 04.txt, 05.txt, 06.txt, 07.txt, 08.txt, "
        "09.txt, 10.txt, 11.txt, and 3 more",
    )
    assert error.folder == OWN  # nothing stands in the way


def test_the_rest_of_a_data_set_can_be_fetched_or_made(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.zeros((1, 28, 28), np.uint8)
    write_idx(OWN / MNIST[0].name, images)
    assert error_for().folder is None  # the user's own
    for name, files in FILES.items():
        known = (DataFile(files[0].name, 800, idx_digest(images), name), *files[1:])
        with monkeypatch.context() as patch:
            patch.setitem(FILES, name, known)
            assert (error_for().folder, error_for().dataset) == (OWN, name)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("test-images-idx3-ubyte.gz", "test-labels-idx1-ubyte.gz"),
        ("test-images-idx3-ubyte", "test-labels.idx1-ubyte"),
        ("val_images.idx", "val_labels.idx"),
        ("T10K-IMAGES-IDX3-UBYTE", "T10K-LABELS-IDX1-UBYTE"),
    ],
)
def test_other_names_are_asked_about_and_can_be_linked(
    small: Path, images: str, labels: str
) -> None:
    for file in MNIST[:2]:
        shutil.copy(small / file.name, OWN)
    for file, name in zip(TEST, (images, labels), strict=True):
        content = (small / file.name).read_bytes()
        (OWN / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    error = error_for()
    suffix = ".gz" if images.endswith(".gz") else ""
    assert f"{images} is here: is it t10k-images-idx3-ubyte{suffix}?" in error.details
    assert f"{labels} is here: is it t10k-labels-idx1-ubyte{suffix}?" in error.details
    assert error.folder is None
    for command in str(error.hint).split(" && "):
        link, option, end, target, name = shlex.split(command)
        assert (link, option, end) == ("ln", "-s", "--")
        Path(name).symlink_to(target)
    assert load_dataset(OWN, "test").images.shape == (300, 28, 28)


def test_emnist_is_transposed_by_the_command(small: Path) -> None:
    data = load_dataset(small, "test")
    write_idx(OWN / "emnist-digits-test-images-idx3-ubyte.gz", data.images.swapaxes(1, 2))
    write_idx(OWN / "emnist-digits-test-labels-idx1-ubyte.gz", data.labels)
    error = error_for()
    assert error.details[1].endswith(
        "is it t10k-images-idx3-ubyte.gz? EMNIST's images are transposed"
    )
    assert error.details[2].endswith("is it t10k-labels-idx1-ubyte.gz?")
    converted = load_dataset(obey(error), "test")
    np.testing.assert_array_equal(converted.images, data.images)
    np.testing.assert_array_equal(converted.labels, data.labels)
    assert error_for(SPLITS["train"]).hint is None


def test_an_archive_with_the_names_of_keras_is_converted(small: Path) -> None:
    names = ("x_train", "y_train", "x_test", "y_test")
    arrays: dict[str, Any] = {
        k: read_idx(small / file.name) for k, file in zip(names, MNIST, strict=True)
    }
    np.savez_compressed(OWN / "mnist.npz", **arrays)
    np.savez(OWN / "brain.npz", w1=np.zeros(3))
    error = error_for()
    assert error.details[1:] == ("mnist.npz is here: a NumPy archive",)
    folder = obey(error)
    for file in MNIST:
        np.testing.assert_array_equal(read_idx(folder / file.name), read_idx(small / file.name))


def test_a_table_is_converted(small: Path) -> None:
    data = load_dataset(small, "train", limit=30)
    rows = np.column_stack([data.labels, data.images.reshape(30, 784)])
    head = ",".join(["label", *(f"pixel{k}" for k in range(784))])
    np.savetxt(OWN / "train.csv", rows, "%d", ",", header=head, comments="")
    (OWN / "prices.csv").write_text("day,price\n1,2\n")
    (OWN / "test.csv").write_text(f"{head.partition(',')[2]}\n")  # without labels
    error = error_for()
    assert error.details[1:] == (
        "test.csv is here: a table with one image per row",
        "train.csv is here: a table with one image per row",
    )
    assert error.hint == ("mnistmlp convert 'my own' idx --split 0.8:0.2  # then --data-dir idx")
    folder = obey(error)
    sizes = [len(load_dataset(folder, split).images) for split in ("train", "test")]
    assert sizes == [24, 6]
    shutil.rmtree(folder)
    assert error_for(SPLITS["train"]).hint == "mnistmlp convert 'my own' idx  # then --data-dir idx"


def test_files_in_a_folder_below_are_found(small: Path) -> None:
    inner = OWN / "MNIST" / "raw"
    shutil.copytree(small, inner)
    error = error_for()
    assert error.details[1:] == (f"{inner} has them",)
    assert error.hint == f"--data-dir '{inner}'"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("mnist.pkl.gz", "mnist.pkl.gz is here: a pickle, which is never opened"),
        ("mnist.zip", "mnist.zip is here: an archive: unpack it first"),
        ("7.PNG", "7.PNG is here: training needs IDX files, not pictures"),
    ],
)
def test_other_files_are_named(name: str, line: str) -> None:
    (OWN / name).touch()
    assert error_for().details == (f"found: {name}", line)


@needs_fifos
def test_what_is_no_file_is_named_as_what_it_is() -> None:
    images, labels = TEST
    (OWN / f"{images.name}.gz").mkdir()
    os.mkfifo(OWN / labels.name)
    error = error_for()
    assert error.details[1:] == (
        f"{images.name}.gz is here: a folder",
        f"{labels.name} is here: not a regular file",
    )
    assert (error.folder, error.hint) == (None, None)


def test_folders_of_pictures_are_named() -> None:
    for digit in range(10):
        (OWN / str(digit)).mkdir()
    assert error_for().details[1] == "0/ is here: training needs IDX files, not pictures"
    assert str(error_for().hint).startswith("mnistmlp convert 'my own' idx --split 0.8:0.2")


@pytest.mark.parametrize(
    ("files", "options"),
    [
        (["train/7/a.png"], " --split 0.8:0.2"),
        (["train/7/a.png", "test/7/a.png"], ""),
        (["labels.csv", "a.png"], " --split 0.8:0.2"),
        (["train.csv", "test.csv", "a.png"], ""),
    ],
)
def test_labelled_pictures_are_converted_and_no_data_are_fetched_beside_them(
    files: list[str], options: str
) -> None:
    for name in files:
        (OWN / name).parent.mkdir(parents=True, exist_ok=True)
        (OWN / name).write_text("file,label\na.png,7\n")
    error = error_for()
    assert error.hint == f"mnistmlp convert 'my own' idx{options}  # then --data-dir idx"
    assert error.folder is None


def test_a_folder_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    error = error_for()
    assert (str(error), error.folder) == (f"{OWN}: permission denied", None)
