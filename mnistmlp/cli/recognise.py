"""What `predict` does for each picture, and for each image of the data set."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistmlp.cli.data import open_dataset, ready_folder
from mnistmlp.errors import PictureError, SettingError

if TYPE_CHECKING:
    from mnistmlp.core import Array, Bytes, Network
    from mnistmlp.datasets import Split
    from mnistmlp.images import Invert


@dataclass
class Recognised:
    """An image, and what the network makes of it."""

    source: str
    image: Bytes  # (28, 28)
    probabilities: Array  # (10,)
    known: dict[str, Any] = field(default_factory=dict)  # of an image of the data set


def parse_indices(texts: list[str], data_dir: Path | None, split: Split) -> list[int]:
    """Return the numbers that ``N`` and ``N:M`` stand for, within the split."""
    from mnistmlp.datasets import dataset_size

    size = dataset_size(ready_folder(data_dir), split)
    indices: list[int] = []
    for text in texts:
        match = re.fullmatch(r"(\d+)(?::(\d+))?", text, re.ASCII)
        if not match:
            raise SettingError("index", f"{text!r} is not a number, nor a range such as 0:100")
        first = int(match[1])
        end = int(match[2]) if match[2] else first + 1
        if not first < end <= size:
            raise SettingError("index", f"{text}: the {split} images are 0 to {size - 1}")
        indices.extend(range(first, end))
    return indices


def recognise_pictures(
    networks: list[Network], names: list[str], invert: Invert
) -> Iterator[Recognised | PictureError]:
    """Yield what each picture shows, or what is wrong with it."""
    if not names:
        return
    from mnistmlp.images import read_picture
    from mnistmlp.metrics import committee

    for name in names:
        try:
            image = read_picture(sys.stdin.buffer if name == "-" else Path(name), invert=invert)
        except PictureError as error:
            yield error
        else:
            yield Recognised(name, image, committee(networks, image[None])[0])


def recognise_indices(
    networks: list[Network], indices: list[int], data_dir: Path | None, split: Split
) -> Iterator[Recognised]:
    """Yield what each image of the data set shows, with the label that it has."""
    if not indices:
        return
    from mnistmlp.metrics import committee

    data = open_dataset(data_dir, split, limit=max(indices) + 1)
    images = data.images[indices]
    for index, image, probabilities in zip(
        indices, images, committee(networks, images), strict=True
    ):
        known = {"index": index, "split": split, "label": int(data.labels[index])}
        yield Recognised(f"{split}:{index}", image, probabilities, known)
