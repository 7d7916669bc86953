"""Recognition of pictures and of images of the data set."""

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

MAX_PENDING = 64  # pictures that are read before they are recognised
MAX_WAIT = 0.02  # seconds that a picture waits for others in its batch
LARGE_FILE = 1 << 16  # bytes; a thread can decode larger ones while others are read

Read = Callable[[str], "Reading | PictureError"]
Job = Callable[[], "Reading | PictureError"]


@dataclass
class Recognised:
    """An image and the probabilities of its digits."""

    source: str
    image: Bytes  # (28, 28)
    probabilities: Array  # (10,)
    origin: dict[str, Any] = field(default_factory=dict)  # for an image of the data set
    reading: Reading | None = None  # for a picture

    @property
    def count(self) -> int:
        """About how many digits it plainly shows."""
        return self.reading.count if self.reading else 1


def predict_probabilities(brains: list[Brain], images: Bytes) -> Array:
    """Return the probabilities for images, (n, 10), averaged over the calibrated brains."""
    from mnistmlp.core.metrics import committee

    return committee([b.network for b in brains], images, [b.temperature for b in brains])


def recognise_pictures(
    brains: list[Brain], names: Iterable[Source], **options: Any
) -> Iterator[Recognised | PictureError]:
    """Yield the result or the error for each picture, in order.

    `options` are passed to `examine_picture`.
    """
    from mnistmlp.pictures.images import examine_picture

    def read(name: str) -> Reading | PictureError:
        try:
            return examine_picture(sys.stdin.buffer if name == "-" else name, **options)
        except PictureError as error:
            return error

    warnings.simplefilter("ignore")  # Pillow's, about odd pictures that can be read
    for batch in _read_in_batches(names, read):
        images = [reading.image for _, reading in batch if not isinstance(reading, PictureError)]
        probabilities = iter(predict_probabilities(brains, _stack(images)) if images else ())
        for name, reading in batch:
            if isinstance(reading, PictureError):
                yield reading
            else:
                yield Recognised(name, reading.image, next(probabilities), reading=reading)


def _stack(images: list[Bytes]) -> Bytes:
    import numpy as np

    return np.stack(images)


def _read_in_batches(
    names: Iterable[Source], read: Read
) -> Iterator[list[tuple[str, Reading | PictureError]]]:
    """Read pictures, and yield them in order, in batches read at about the same time.

    Large ones are read in threads, if the system starts any, beside the others.
    A name of None means that the next may take a while: the pictures before do
    not wait for it.
    """
    from concurrent.futures import ThreadPoolExecutor

    pending: list[tuple[str, Job]] = []
    threaded = True
    with ThreadPoolExecutor(blas.usable_cores()) as pool:
        for name in names:
            if isinstance(name, PictureError):
                pending.append(("", partial(_return_error, name)))
            elif name is not None:
                job: Job = partial(read, name)
                if threaded and _is_large(name):
                    try:
                        job = pool.submit(job).result
                    except RuntimeError:
                        threaded = False
                pending.append((name, job))
            if name is None or len(pending) == MAX_PENDING:
                yield from _run_jobs(pending)
                pending = []
        yield from _run_jobs(pending)


def _run_jobs(pending: list[tuple[str, Job]]) -> Iterator[list[tuple[str, Reading | PictureError]]]:
    """Run the jobs, and yield their pictures in batches, so that none waits long for others."""
    batch, started = [], time.monotonic()
    for name, job in pending:
        batch.append((name, job()))
        if time.monotonic() - started > MAX_WAIT:
            yield batch
            batch, started = [], time.monotonic()
    if batch:
        yield batch


def _return_error(error: PictureError) -> PictureError:
    return error


def _is_large(name: str) -> bool:
    try:
        return name != "-" and Path(name).stat().st_size >= LARGE_FILE
    except (OSError, ValueError):
        return False


def recognise_indices(
    brains: list[Brain], ranges: list[range], dataset: str, data_dir: Path | None, split: Split
) -> Iterator[Recognised]:
    """Yield the result for each image of the data set, with its label."""
    if not ranges:
        return
    end = max(each.stop for each in ranges)
    data = open_dataset(dataset, data_dir, split)
    size = len(data.images)
    if end > size:
        raise SettingError("index", f"{end - 1} is past the {split} images, 0 to {size - 1}")
    indices = list(chain(*ranges))
    images = data.images[indices]
    rows = predict_probabilities(brains, images)
    name = data.name
    for index, image, probabilities in zip(indices, images, rows, strict=True):
        label = int(data.labels[index])
        origin = {"dataset": name, "index": index, "split": split, "label": label}
        yield Recognised(f"{split}:{index}", image, probabilities, origin)
