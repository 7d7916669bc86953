"""Recognition of pictures and of images of the data set."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistmlp.cli import console
from mnistmlp.cli.data import choose_dataset, open_dataset, warn_of_other_classes
from mnistmlp.cli.predict.indices import Indices, choose
from mnistmlp.cli.predict.readers import read_in_order
from mnistmlp.cli.predict.sources import Source
from mnistmlp.errors import NoInkError, PictureError

if TYPE_CHECKING:
    from mnistmlp.arrays import Array, Bytes
    from mnistmlp.brains.brain import Brain, Committee
    from mnistmlp.brains.classifier import Classifier
    from mnistmlp.data.catalog import DatasetName, Split
    from mnistmlp.pictures.images import Reading


@dataclass
class Recognised:
    """An image and the probabilities of its digits."""

    source: str
    image: Bytes  # (28, 28)
    probabilities: Array  # (10,)
    origin: dict[str, Any] = field(default_factory=dict)  # for an image of the data set
    reading: Reading | None = None  # for a picture
    count: int = 1  # about how many digits the picture plainly shows


def recognise_pictures(
    classifier: Classifier, names: Iterable[Source], jobs: int, *, steps: bool, **options: Any
) -> Generator[Recognised | PictureError, None, None]:
    """Yield the result or the error for each picture, in order.

    Parameters
    ----------
    classifier : Classifier
    names : iterable of Source
    jobs : int
        How many processes read the pictures.
    steps : bool
        Whether the steps from each picture to its image are wanted, which are large.
    options
        Are passed to `examine_picture`.
    """
    from mnistmlp.core.inputs import has_light_background
    from mnistmlp.pictures.images import examine_picture

    read = partial(_read_picture, partial(examine_picture, **options), steps=steps)
    warnings.simplefilter("ignore")  # Pillow's, about odd pictures that can be read
    jobs = 1 if steps else jobs  # they would take long to send, and memory while they wait
    with closing(read_in_order(names, read, jobs)) as batches:
        for batch in batches:
            images = [found.image for _, found in batch if not isinstance(found, PictureError)]
            probabilities = iter(classifier.predict_proba(images))
            for name, found in batch:
                if isinstance(found, PictureError):
                    yield found
                else:
                    if options.get("raw") and has_light_background(found.image):
                        light = "a light background, where MNIST's is black: try --invert yes"
                        console.note(f"warning: {console.escape(str(name))}: {light}")
                    reading = found if steps else None
                    yield Recognised(
                        str(name), found.image, next(probabilities), {}, reading, found.count
                    )


def _read_picture(
    examine: Callable[..., Reading], name: str, *, steps: bool
) -> Reading | PictureError:
    """Read a picture, and keep the large arrays of its steps, or leave them out."""
    try:
        reading = examine(sys.stdin.buffer if name == "-" else name)
    except PictureError as error:
        if isinstance(error, NoInkError) and not steps:
            error.grey = error.contrast = None
        return error
    return reading if steps else replace(reading, grey=reading.grey[:0].copy(), ink=None)


def recognise_indices(
    classifier: Brain | Committee,
    wanted: list[Indices],
    dataset: DatasetName | None,
    data_dir: Path | None,
    split: Split,
    seed: int | None,
) -> Iterator[Recognised]:
    """Yield the result for each image of the data set, with its label."""
    if not wanted:
        return
    data = open_dataset(choose_dataset(dataset, data_dir, classifier), data_dir, split)
    warn_of_other_classes(data, classifier)
    indices = choose(wanted, len(data.images), split, seed)
    images = data.images[indices]
    rows = classifier.predict_proba(images)
    name = data.name
    for index, image, probabilities in zip(indices, images, rows, strict=True):
        label = int(data.labels[index])
        origin = {"dataset": name, "index": index, "split": split, "label": label}
        yield Recognised(f"{split}:{index}", image, probabilities, origin)
