"""The known data sets, and the files that each consists of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Split = Literal["train", "test"]
DatasetName = Literal["mnist", "synthetic"]


@dataclass(frozen=True)
class DataFile:
    """A published file of a data set."""

    name: str  # without .gz
    size: int  # bytes, uncompressed
    sha256: str  # of the uncompressed bytes


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
SYNTHETIC_VERSION = 1  # must change when the bytes do
SYNTHETIC = tuple(  # made by load.py
    replace(file, sha256=sha256)
    for file, sha256 in zip(
        MNIST,
        (
            "355d8990034e53e75cb2a1220057a5e3f8cd925c45285aba5af281793a65661d",
            "5716fc015f6b2e29c2093cf129e4ce8f9900beaa299b0e62129b66d151b02d90",
            "d95a140b3976486c9883f1244568d82c47955aaadc4a33d42df4379e50806570",
            "6df0a1c9e9b0e34f674c99d1e7b8740744bd0a5bf2cebde33332e55f24cb01e8",
        ),
        strict=True,
    )
)
SPLITS: dict[Split, tuple[DataFile, DataFile]] = {
    "train": (TRAIN_IMAGES, TRAIN_LABELS),
    "test": (TEST_IMAGES, TEST_LABELS),
}
