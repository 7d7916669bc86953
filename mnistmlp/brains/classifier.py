"""What brains and committees have in common: recognising images and pictures, and evaluation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from mnistmlp.blas import count_threads
from mnistmlp.core.inputs import has_light_background, warn_of_light_background
from mnistmlp.core.metrics import committee, evaluate
from mnistmlp.errors import warn
from mnistmlp.workers import Workers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mnistmlp.arrays import Array, Bytes, Indices, StrPath
    from mnistmlp.core.metrics import Evaluation
    from mnistmlp.core.mistakes import Mistakes
    from mnistmlp.core.network import Network
    from mnistmlp.data.datasets import Labelled
    from mnistmlp.pictures.images import Reading
    from mnistmlp.pictures.ink import Invert
    from mnistmlp.pictures.numbers.reading import NumberReading


@dataclass(frozen=True, eq=False, repr=False)
class Recognition:
    """The digit recognised in a picture."""

    probabilities: Array  # (10,)
    reading: Reading  # the picture, on its way to 28 x 28

    @property
    def digit(self) -> int:
        """The most likely digit."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """Its probability, in [0, 1]."""
        return float(self.probabilities.max())

    @property
    def image(self) -> Bytes:
        """The network's input, (28, 28)."""
        return self.reading.image

    @property
    def count(self) -> int:
        """About how many digits the picture plainly shows; `read_number` reads several."""
        return self.reading.count

    @property
    def likeness(self) -> float:
        """How much the image looks like a digit, in [0, 1]; below 0.095, it probably is not one."""
        from mnistmlp.brains.likeness import measure_likeness

        return float(measure_likeness(self.image[None])[0])

    def __repr__(self) -> str:
        several = f", one of about {self.count} digits" if self.count > 1 else ""
        return f"<Recognition: {self.digit}, confidence {self.confidence:.4f}{several}>"


class Classifier(ABC):
    """One network, or the average of several.

    Calls leave no state behind, so threads may share a classifier.
    """

    @property
    @abstractmethod
    def networks(self) -> list[Network]:
        """The networks."""

    @property
    @abstractmethod
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes; None for digits."""

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...] | None:
        """The names of the classes, including digits; None if unknown."""

    @property
    @abstractmethod
    def temperatures(self) -> list[float]:
        """The temperature that calibrates each network; 1 if none was fitted."""

    def predict(self, images: ArrayLike) -> Indices:
        """Recognise the digits of images, or the classes that `class_names` names.

        Parameters
        ----------
        images : (n, 28, 28) or (n, 784), or (28, 28) for a single one
            Grey levels from 0 to 255, light ink on black: uint8 or other integers.

        Returns
        -------
        (n,), or () for a single image
            Digits, from 0 to 9.

        Raises
        ------
        InputError
            If the images are invalid.
        DivergenceError
            If an output of a network is not finite.
        """
        digits: Indices = self.predict_proba(images).argmax(axis=-1)
        return digits

    def predict_proba(self, images: ArrayLike) -> Array:
        """Return the probability of each digit, calibrated where that helps.

        Parameters
        ----------
        images
            As in `predict`.

        Returns
        -------
        (n, 10), or (10,) for a single image
            Each row sums to 1.

        Raises
        ------
        InputError, DivergenceError
            As in `predict`.
        """
        probabilities = committee(self.networks, images, self.temperatures)
        warn_of_light_background(images)
        return probabilities

    def evaluate(self, data: Labelled, *, threads: int | None = 1) -> Evaluation:
        """Evaluate on labelled images.

        Parameters
        ----------
        data : Dataset, or a pair of images and labels
            At least one image.  Images as in `predict`, labels (n,) integers
            from 0 to 9.
        threads : int, optional
            Threads that share the images; by default, one per usable processor.

        Returns
        -------
        Evaluation
            Its loss is the network's own; with several networks, whose losses may
            differ, it is the cross-entropy of their averaged probabilities.

        Raises
        ------
        InputError, DivergenceError
            As in `predict`, and if the labels are invalid.
        SettingError
            If the number of threads is invalid.
        """
        from mnistmlp.data.datasets import Dataset, as_pair  # needed only here

        names = self.class_names
        if not self.classes and isinstance(data, Dataset):
            names = data.class_names
        with Workers(count_threads(threads)) as workers:
            return evaluate(self.networks, *as_pair(data), self.temperatures, workers, names)

    def find_mistakes(self, data: Labelled, *, threads: int | None = 1) -> Mistakes:
        """Return the misclassified images of a data set: the `mistakes` of `evaluate`.

        Parameters and errors as in `evaluate`.

        Returns
        -------
        Mistakes
            Their indices, labels, digits and probabilities, most confident mistake
            first.
        """
        return self.evaluate(data, threads=threads).mistakes

    def read(
        self,
        picture: StrPath | BinaryIO,
        *,
        invert: Invert = "auto",
        centred: bool = True,
        raw: bool = False,
    ) -> Recognition:
        """Recognise the digit in a picture.

        Parameters
        ----------
        picture : path or binary stream
            PNG, JPEG, GIF (first frame), BMP, WebP, TIFF or PPM, of any size.
        invert : {'auto', 'yes', 'no'}
            Whether to invert the picture because it shows dark ink on a light
            background; ``auto`` finds out.
        centred : bool
            Crop to the ink, scale and centre it.  Otherwise the whole picture is
            scaled, and the digit stays where it is.
        raw : bool
            Use a picture of 28 x 28 pixels unchanged.

        Raises
        ------
        NoInkError
            If it shows no ink.
        PictureError
            If it cannot be read or has too many pixels.
        """
        from mnistmlp.pictures.images import examine_picture  # Pillow

        reading = examine_picture(picture, invert=invert, centred=centred, raw=raw)
        if has_light_background(reading.image):  # it was used unchanged
            warn('the picture has a light background, where MNIST\'s is black: try invert="yes"')
        return Recognition(committee(self.networks, reading.image, self.temperatures), reading)

    def read_number(self, picture: StrPath | BinaryIO, *, invert: Invert = "auto") -> NumberReading:
        """Read the digits in a picture, line by line.

        Parameters and errors as in `read`; no digits are a PictureError.
        """
        from mnistmlp.pictures.numbers.reading import read_number  # Pillow

        classify = partial(committee, self.networks, temperatures=self.temperatures)
        return read_number(picture, classify, invert=invert)
