"""The known data sets and their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from reprlib import repr as short
from typing import Literal

from mnistmlp.arrays import DIGITS

MAX_NAME = 40  # characters of a class name
DIGIT_NAMES = tuple(map(str, range(DIGITS)))
Split = Literal["train", "test"]
DatasetName = Literal["mnist", "fashion", "kmnist", "synthetic"]
TITLES: Mapping[DatasetName, str] = {
    "mnist": "MNIST",
    "fashion": "Fashion-MNIST",
    "kmnist": "Kuzushiji-MNIST",
    "synthetic": "the synthetic digits",
}
NAMES: Mapping[str, tuple[str, ...]] = {  # of classes other than the digits
    "fashion": (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    "kmnist": (
        "o お",
        "ki き",
        "su す",
        "tsu つ",
        "na な",
        "ha は",
        "ma ま",
        "ya や",
        "re れ",
        "wo を",
    ),
}


@dataclass(frozen=True)
class DataFile:
    """A published file of a data set.

    If only a digest of the compressed file is published, a download is checked against
    that, and the digest of the content is recorded: see `mnistmlp.data.record`.
    """

    name: str  # without .gz
    size: int  # bytes, uncompressed
    sha256: str  # of the uncompressed bytes; "" if not published
    dataset: DatasetName = "mnist"
    packed_size: int = 0  # bytes of the .gz file, if only its digest is published
    packed_sha256: str = ""


TRAIN_IMAGES = DataFile(
    "train-images-idx3-ubyte",
    47_040_016,
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
)
TRAIN_LABELS = DataFile(
    "train-labels-idx1-ubyte",
    60_008,
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
)
TEST_IMAGES = DataFile(
    "t10k-images-idx3-ubyte",
    7_840_016,
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
)
TEST_LABELS = DataFile(
    "t10k-labels-idx1-ubyte",
    10_008,
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
)
MNIST = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)


def _like_mnist(dataset: DatasetName, digests: Sequence[str]) -> tuple[DataFile, ...]:
    """Return the files of a data set with MNIST's names and sizes."""
    pairs = zip(MNIST, digests, strict=True)
    return tuple(DataFile(file.name, file.size, digest, dataset) for file, digest in pairs)


# The content of the .gz files whose MD5 the README of Fashion-MNIST gives: their SHA-256
# too is that which Keras and TensorFlow Datasets list.
FASHION = _like_mnist(
    "fashion",
    (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
)
# Sizes and SHA-256 of the .gz files as TensorFlow Datasets lists them, copied from there.
KMNIST = tuple(
    DataFile(file.name, file.size, "", "kmnist", packed_size, packed_sha256)
    for file, packed_size, packed_sha256 in zip(
        MNIST,
        (18_165_135, 29_497, 3_041_136, 5_120),
        (
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
        ),
        strict=True,
    )
)
SYNTHETIC_VERSION = 1  # must change if the bytes do
SYNTHETIC = _like_mnist(  # made by load.py
    "synthetic",
    (
        "355d8990034e53e75cb2a1220057a5e3f8cd925c45285aba5af281793a65661d",
        "5716fc015f6b2e29c2093cf129e4ce8f9900beaa299b0e62129b66d151b02d90",
        "d95a140b3976486c9883f1244568d82c47955aaadc4a33d42df4379e50806570",
        "6df0a1c9e9b0e34f674c99d1e7b8740744bd0a5bf2cebde33332e55f24cb01e8",
    ),
)
SPLITS: dict[Split, tuple[DataFile, DataFile]] = {
    "train": (TRAIN_IMAGES, TRAIN_LABELS),
    "test": (TEST_IMAGES, TEST_LABELS),
}
FILES: dict[DatasetName, Sequence[DataFile]] = {
    "mnist": MNIST,
    "fashion": FASHION,
    "kmnist": KMNIST,
    "synthetic": SYNTHETIC,
}


def find_name_fault(names: object) -> tuple[int | None, str] | None:
    """Return what is wrong with class names and the index of the one at fault, or None."""
    if not isinstance(names, list | tuple) or len(names) != DIGITS:
        found = f"{len(names)} names" if isinstance(names, list | tuple) else "not a list of names"
        return None, f"{found}, expected {DIGITS}, one for each class"
    for place, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            return place, "an empty name"
        if len(name) > MAX_NAME:
            return place, f"a name of {len(name):,} characters, more than {MAX_NAME}"
        if not name.isprintable() or name != name.strip():
            return (
                place,
                f"{short(name)} has unprintable characters, or spaces at its ends",
            )
        if name in names[:place]:
            return place, f"{short(name)} is the name of two classes"
    return None


def find_known(name: str) -> list[DataFile]:
    """Return the files with this name in the known data sets."""
    return [each for files in FILES.values() for each in files if each.name == name]


def dataset_of(name: str, digest: str | None) -> DatasetName | None:
    """Return the data set in which the file with this name has this digest, or None."""
    known = {each.sha256: each.dataset for each in find_known(name) if each.sha256}
    return known.get(digest or "")
