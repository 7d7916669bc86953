"""What `predict` does for each picture, and for each image of the data set."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistmlp import blas
from mnistmlp.cli.data import open_dataset
from mnistmlp.cli.predict.sources import Source
from mnistmlp.errors import PictureError, SettingError

if TYPE_CHECKING:
    from mnistmlp.arrays import Array, Bytes
    from mnistmlp.brains.brain import Brain
    from mnistmlp.data.catalog import Split
    from mnistmlp.pictures.images import Reading

AHEAD = 64  # pictures that are read before they are recognised, at most
PATIENCE = 0.02  # seconds that a picture waits for others, to be recognised with them
LARGE = 1 << 16  # bytes: Python can decode other pictures beside one of this size

Read = Callable[[str], "Reading | PictureError"]
Job = Callable[[], "Reading | PictureError"]


@dataclass
class Recognised:
    """An image, and what the networks make of it."""

    source: str
    image: Bytes  # (28, 28)
    probabilities: Array  # (10,)
    known: dict[str, Any] = field(default_factory=dict)  # of an image of the data set
    reading: Reading | None = None  # of a picture


def probabilities_of(brains: list[Brain], images: Bytes) -> Array:
    """Return the probabilities (n, 10) of images, each brain calibrated."""
    from mnistmlp.core.metrics import committee

    return committee([b.network for b in brains], images, [b.temperature for b in brains])


def recognise_pictures(
    brains: list[Brain], names: Iterable[Source], **options: Any
) -> Iterator[Recognised | PictureError]:
    """Yield what each picture shows, or what is wrong with it, in order.

    `options` are those of `examine_picture`.
    """
    from mnistmlp.pictures.images import examine_picture

    def read(name: str) -> Reading | PictureError:
        try:
            return examine_picture(sys.stdin.buffer if name == "-" else name, **options)
        except PictureError as error:
            return error

    warnings.simplefilter("ignore")  # Pillow's, of pictures that are odd but can be read
    for batch in _batches(names, read):
        images = [reading.image for _, reading in batch if not isinstance(reading, PictureError)]
        found = iter(probabilities_of(brains, _stacked(images)) if images else ())
        for name, reading in batch:
            if isinstance(reading, PictureError):
                yield reading
            else:
                yield Recognised(name, reading.image, next(found), reading=reading)


def _stacked(images: list[Bytes]) -> Bytes:
    import numpy as np

    return np.stack(images)


def _batches(
    names: Iterable[Source], read: Read
) -> Iterator[list[tuple[str, Reading | PictureError]]]:
    """Yield pictures in order, in batches of those that are read at about the same time.

    Large ones are read by threads beside the others.  Where a name is None,
    the next may take a while, and nothing waits for it.
    """
    from concurrent.futures import ThreadPoolExecutor

    pending: list[tuple[str, Job]] = []
    with ThreadPoolExecutor(blas.usable_cores()) as pool:
        for name in names:
            if isinstance(name, PictureError):
                pending.append(("", partial(_known, name)))
            elif name is not None:
                job = pool.submit(read, name).result if _is_large(name) else partial(read, name)
                pending.append((name, job))
            if name is None or len(pending) == AHEAD:
                yield from _done(pending)
                pending = []
        yield from _done(pending)


def _done(pending: list[tuple[str, Job]]) -> Iterator[list[tuple[str, Reading | PictureError]]]:
    """Yield the pictures when they are read, but let none wait for others for long."""
    batch, started = [], time.monotonic()
    for name, job in pending:
        batch.append((name, job()))
        if time.monotonic() - started > PATIENCE:
            yield batch
            batch, started = [], time.monotonic()
    if batch:
        yield batch


def _known(error: PictureError) -> PictureError:
    return error


def _is_large(name: str) -> bool:
    try:
        return name != "-" and Path(name).stat().st_size >= LARGE
    except (OSError, ValueError):
        return False


def recognise_indices(
    brains: list[Brain], ranges: list[range], dataset: str, data_dir: Path | None, split: Split
) -> Iterator[Recognised]:
    """Yield what each image of the data set shows, with the label that it has."""
    if not ranges:
        return
    end = max(each.stop for each in ranges)
    data = open_dataset(dataset, data_dir, split)
    size = len(data.images)
    if end > size:
        raise SettingError("index", f"{end - 1} is past the {split} images, 0 to {size - 1}")
    indices = list(chain(*ranges))
    images = data.images[indices]
    found = probabilities_of(brains, images)
    name = data.name
    for index, image, probabilities in zip(indices, images, found, strict=True):
        label = int(data.labels[index])
        known = {"dataset": name, "index": index, "split": split, "label": label}
        yield Recognised(f"{split}:{index}", image, probabilities, known)
