"""A brain: a network and a description of its training; and committees of brains."""

from __future__ import annotations

import atexit
import zlib
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

from mnistmlp.arrays import DIGITS
from mnistmlp.atomic import check_free
from mnistmlp.brains.classifier import Classifier
from mnistmlp.brains.file import read_brain, write_brain
from mnistmlp.brains.meta import Meta
from mnistmlp.brains.provenance import describe_foreign
from mnistmlp.core.inputs import warn_of_light_background
from mnistmlp.core.network import Network
from mnistmlp.data.catalog import DIGIT_NAMES, FILES
from mnistmlp.errors import InputError, OtherTaskError, warn

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mnistmlp.arrays import Indices, StrPath


def _find_pretrained() -> Path:
    """Return the path of the bundled brain: a temporary file if this package is in a zip."""
    path = Path(__file__).with_name("pretrained.npz")
    if path.is_file():
        return path
    from importlib import resources  # 5 ms

    files = ExitStack()
    atexit.register(files.close)
    return files.enter_context(resources.as_file(resources.files(__package__) / path.name))


PRETRAINED = _find_pretrained()  # how it was made: docs/recipes.md


@dataclass(frozen=True, eq=False, repr=False)
class Brain(Classifier):
    """A network and how it was trained.

    Parameters
    ----------
    network : Network
        With 10 outputs.  Its weights may be changed; the brain then predicts with
        the new ones.
    meta : Meta, optional
        The description in the brain file, if it has one.

    Raises
    ------
    OtherTaskError
        If the network does not have 10 outputs.
    InputError
        If it is not a network, or not the one that `meta` describes.
    """

    network: Network
    meta: Meta | None = None  # None for files in the older format, and for a user's own network
    _checksum: int = field(default=0, init=False)  # of the weights that `meta` describes

    def __post_init__(self) -> None:
        network, meta = self.network, self.meta
        if not isinstance(network, Network):
            raise InputError(f"{short(network)} is not a Network; load_brain reads a brain file")
        if (outputs := network.sizes[-1]) != DIGITS:
            raise OtherTaskError(f"a network with {outputs} outputs, expected {DIGITS}")
        if meta:
            if meta.kind != (network.sizes, *_kind_of(network)):
                raise InputError(f"the meta describes another network than {network}")
            object.__setattr__(self, "_checksum", self._sum_up())

    def _sum_up(self) -> int:
        kind = ",".join(_kind_of(self.network)).encode()
        return zlib.crc32(self.network.parameters.data, zlib.crc32(kind))

    @property
    def current_meta(self) -> Meta | None:
        """The description, or None if the network has changed since."""
        return self.meta if self._checksum == self._sum_up() else None

    @property
    def history(self) -> list[dict[str, Any]]:
        """The reports of its training epochs: `meta.history`, or nothing."""
        return self.meta.history if self.meta else []

    @property
    def temperature(self) -> float:
        """The temperature that calibrates its probabilities; 1 if none was fitted."""
        return self.meta.temperature if self.meta else 1.0

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes that `predict` returns by number; None for digits."""
        return self.meta.class_names if self.meta else None

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes of its training data, by name; None if unknown."""
        if self.class_names or not self.meta or self.meta.dataset not in FILES:
            return self.class_names
        return DIGIT_NAMES

    @property
    def brains(self) -> tuple[Brain, ...]:
        """A tuple of the brain itself."""
        return (self,)

    @property
    def networks(self) -> list[Network]:
        """A tuple of its network."""
        return [self.network]

    @property
    def temperatures(self) -> list[float]:
        """A tuple of its temperature."""
        return [self.temperature]

    def predict(self, images: ArrayLike) -> Indices:
        """Recognise the digits of images (n, 28, 28); see `Classifier.predict`."""
        digits: Indices = self.network.outputs(images).argmax(axis=-1)
        warn_of_light_background(images)
        return digits

    def __repr__(self) -> str:
        layers, meta = "-".join(map(str, self.network.sizes)), self.current_meta
        words = [f"{layers}, {self.network.activation}, {self.network.loss}"]
        if meta and meta.recipe_name:
            words.append(f"recipe {meta.recipe_name}")
        if meta and meta.validation_accuracy is not None:
            words.append(f"validation accuracy {meta.validation_accuracy:.2%}")
        return f"<Brain {', '.join(words)}>"

    def _repr_html_(self) -> str:
        from mnistmlp.brains.facts import describe_brain  # only needed there
        from mnistmlp.core.notebook import make_table

        sections = describe_brain(self.network, self.current_meta).values()
        return make_table(
            (name.replace("_", " "), text)
            for facts in sections
            for name, text in facts.items()
            if text is not None
        )

    def save(self, path: StrPath, *, overwrite: bool = False) -> None:
        """Write a brain file.

        If the network has changed since training, the file omits how it was trained
        and how accurate it is, with a warning.

        Parameters
        ----------
        path : str or path
        overwrite : bool
            Replace an existing file, which stays until the new one is complete.

        Raises
        ------
        WriteError
            If the file exists or cannot be written.
        BrainError
            If a weight is not finite.
        """
        path = Path(path)
        check_free(path, overwrite=overwrite)
        meta = self.current_meta
        if self.meta and not meta:
            warn(
                f"{path}: the weights have changed since training, which the file does not describe"
            )
        if not meta:
            temperature, names = self.temperature, self.class_names
            meta = describe_foreign(self.network, "own", path, temperature, names)
        write_brain(path, self.network, meta)


class Committee(Classifier):
    """Several brains whose calibrated probabilities are averaged.

    Parameters
    ----------
    brains : iterable of Brain
        At least one.
    """

    def __init__(self, brains: Iterable[Brain]) -> None:
        self.brains = () if isinstance(brains, Brain) else tuple(brains)
        if not self.brains or not all(isinstance(each, Brain) for each in self.brains):
            raise InputError("a committee needs at least one brain, and nothing but brains")
        classes = {each.classes for each in self.brains} - {None}
        if len(classes) > 1:
            firsts = " and ".join(sorted(each[0] for each in classes if each))
            raise OtherTaskError(f"brains for different classes, the first of which are {firsts}")

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes, from any brain that has them; None for digits."""
        return next((each.class_names for each in self.brains if each.class_names), None)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes of the training data, from any brain that knows them; None if unknown."""
        return next((each.classes for each in self.brains if each.classes), None)

    @property
    def networks(self) -> list[Network]:
        """The networks of the brains."""
        return [each.network for each in self.brains]

    @property
    def temperatures(self) -> list[float]:
        """The temperatures of the brains."""
        return [each.temperature for each in self.brains]

    def __repr__(self) -> str:
        layers = dict.fromkeys("-".join(map(str, each.sizes)) for each in self.networks)
        return f"<Committee of {len(self.brains)}: {', '.join(layers)}>"


def _kind_of(network: Network) -> tuple[str, str, str]:
    """Return what determines the outputs of a network besides its weights."""
    return network.activation, network.loss, network.normalization


def load_brain(path: StrPath) -> Brain:
    """Read a brain file, with or without `meta`.

    Raises
    ------
    MissingBrainError
        If the file does not exist.
    BrainError
        If the file is not a valid brain; the message says which check failed.
    """
    return Brain(*read_brain(Path(path)))


def pretrained() -> Brain:
    """Return the bundled brain; docs/recipes.md says how it was made and how accurate it is."""
    return load_brain(PRETRAINED)
