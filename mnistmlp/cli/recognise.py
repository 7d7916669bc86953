"""What `predict` does for each picture, and for each image of the data set."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistmlp.cli.data import open_dataset
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
    networks: list[Network], ranges: list[range], data_dir: Path | None, split: Split
) -> Iterator[Recognised]:
    """Yield what each image of the data set shows, with the label that it has."""
    if not ranges:
        return
    from mnistmlp.metrics import committee

    end = max(each.stop for each in ranges)
    data = open_dataset(data_dir, split, limit=end)
    size = len(data.images)  # all there are, if they are fewer than the limit
    if end > size:
        raise SettingError("index", f"{end - 1} is past the {split} images, 0 to {size - 1}")
    indices = list(chain(*ranges))
    images = data.images[indices]
    found = committee(networks, images)
    for index, image, probabilities in zip(indices, images, found, strict=True):
        known = {"index": index, "split": split, "label": int(data.labels[index])}
        yield Recognised(f"{split}:{index}", image, probabilities, known)
