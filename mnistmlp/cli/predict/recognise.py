"""Recognition of pictures and of images of the data set."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistmlp.cli import console
from mnistmlp.cli.data import choose_dataset, open_dataset, warn_of_other_classes
from mnistmlp.cli.predict.data import advise_invert, find_part, report_images
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
    from mnistmlp.pictures.ink import Invert

BATCH = 1000  # images of the data set


@dataclass
class Recognised:
    """An image and the probabilities of its digits."""

    source: str
    image: Bytes  # (28, 28)
    probabilities: Array  # (10,)
    origin: dict[str, Any] = field(default_factory=dict)  # for an image that is no picture
    reading: Reading | None = None  # for a picture
    count: int = 1  # about how many digits the picture plainly shows
    odd: bool = False  # whether the picture looks unlike a digit


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
    of_digits = classifier.class_names is None
    jobs = 1 if steps else jobs  # they would take long to send, and memory while they wait
    with closing(read_in_order(names, read, jobs)) as batches:
        for batch in batches:
            images = [found.image for _, found in batch if not isinstance(found, PictureError)]
            probabilities = iter(classifier.predict_proba(images))
            odd = iter(_find_odd(images, any_will_do=options.get("raw") or not of_digits))
            for name, found in batch:
                if isinstance(found, PictureError):
                    yield found
                else:
                    if options.get("raw") and has_light_background(found.image):
                        light = advise_invert(inverted=False)
                        console.note(f"warning: {console.escape(str(name))}: {light}")
                    yield Recognised(
                        str(name),
                        found.image,
                        next(probabilities),
                        reading=found if steps else None,
                        count=found.count if of_digits else 1,
                        odd=next(odd),
                    )


def _find_odd(images: list[Bytes], *, any_will_do: bool) -> list[bool]:
    """Return for each image whether it looks unlike a digit; none if it need not be one."""
    import numpy as np

    from mnistmlp.brains.likeness import MIN_LIKENESS, measure_likeness

    if any_will_do or not images:
        return [False] * len(images)
    odd: list[bool] = (measure_likeness(np.stack(images)) < MIN_LIKENESS).tolist()
    return odd


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
    name = data.name
    for start in range(0, len(indices), BATCH):
        batch = indices[start : start + BATCH]
        images = data.images[batch]
        rows = classifier.predict_proba(images)
        for index, image, probabilities in zip(batch, images, rows, strict=True):
            label = int(data.labels[index])
            origin = {"dataset": name, "index": index, "split": split, "label": label}
            yield Recognised(f"{split}:{index}", image, probabilities, origin)


def recognise_file(
    classifier: Classifier, path: Path | None, split: Split | None, invert: Invert
) -> Iterator[Recognised]:
    """Yield the result for each image of a file, with its label if there is one.

    Raises
    ------
    DataError
        If it holds no images, and in the end if rows of it are wrong, whose indices are
        left out.
    """
    from mnistmlp.data.convert.parts import check_whole_part

    if path is None:
        return
    part, inverted = find_part(path, split), invert == "yes"
    count = before = 0  # of images, and of wrong rows too
    with closing(part.blocks):
        for block in part.blocks:
            seen = 255 - block.images if inverted else block.images
            if not count and len(seen):
                report_images(part, path, block._replace(images=seen), inverted=inverted)
            rows = _predict_quietly(classifier, seen)
            kept = range(len(seen)) if block.kept is None else block.kept.tolist()
            for k, row in enumerate(kept):
                origin = {"index": before + row}
                if block.labels is not None:
                    label = _number(int(block.labels[k]), part.names, classifier.class_names)
                    origin |= {} if label is None else {"label": label}
                yield Recognised(f"{path}[{before + row}]", seen[k], rows[k], origin)
            count += len(seen)
            before = count + part.wrong.count
    check_whole_part(part, count)
    if part.wrong.count:
        raise part.wrong.error(part.name, count)


def _number(label: int, names: list[str], known: Sequence[str] | None) -> int | None:
    """Return the number of a label, which may be a place among names of classes."""
    if not names:
        return label
    return known.index(names[label]) if known and names[label] in known else None


def _predict_quietly(classifier: Classifier, images: Bytes) -> Array:
    """Return the probabilities of images without a warning of each light background."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return classifier.predict_proba(images)
