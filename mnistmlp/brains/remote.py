"""Training a network on another machine, given only the plan.

Everything that goes in or out is text and bytes, and read like an untrusted file.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mnistmlp.arrays import PIXELS, SIDE
from mnistmlp.brains.brain import Brain, load_brain
from mnistmlp.brains.provenance import Provenance, parameter_digest
from mnistmlp.brains.train import complete, run
from mnistmlp.data.datasets import Dataset, load_dataset
from mnistmlp.data.folder import CACHES, cache_folder_of, default_folder
from mnistmlp.errors import BrainError, ClusterError, DataError, MissingDataError
from mnistmlp.version import __version__

LEVEL = 1  # of zlib: MNIST in 11 MB and a third of a second; 9.9 MB would take twice as long


def train_member(
    planned: str,
    data_dir: str | None,
    threads: int,
    packed: bytes | None = None,
    initial: bytes | None = None,
) -> tuple[bytes, str]:
    """Train a network on a worker; the same arguments give the same brain.

    Parameters
    ----------
    planned : str
        JSON of the provenance, with the data set.
    data_dir : str, optional
        Folder that may hold the data, besides the worker's own.
    threads : int
    packed : bytes, optional
        The data, from `pack_data`, for workers without them.
    initial : bytes, optional
        The brain file to start from.

    Returns
    -------
    brain : bytes
        Of its file.
    log : str
        JSON of the epoch reports and the training time in seconds.

    Raises
    ------
    ClusterError
        If another version of this package is installed here.
    MissingDataError
        If the data are not found here.
    SettingError, DivergenceError
        As in `fit`.
    """
    provenance = Provenance.parse(json.loads(planned))
    check_version(provenance.versions["mnistmlp"])
    name, digests = provenance.dataset["name"], tuple(provenance.dataset["digests"].items())
    data = _unpack_data(packed) if packed else _find_data(name, digests, data_dir)
    network = read_brain_bytes(initial).network if initial else None
    if network and parameter_digest(network.parameters) != provenance.initial:
        raise BrainError("the brain to start from has changed since the run was planned")
    started = time.perf_counter()
    names = provenance.class_names  # not in the files of images and labels
    brain, result = run(
        replace(complete(provenance, data), dataset=provenance.dataset, class_names=names),
        data,
        initial_network=network,
        threads=threads,
        on_checkpoint=lambda checkpoint: None,
    )
    seconds = time.perf_counter() - started
    log = {"seconds": seconds, "history": [asdict(report) for report in result.history]}
    return _brain_bytes(brain), json.dumps(log)


def check_version(wanted: str) -> None:
    """Raise ClusterError if another version of this package is installed here."""
    if __version__ != wanted:
        raise ClusterError(f"has mnistmlp {__version__}, not {wanted}")


@lru_cache(maxsize=1)  # the next member uses the same data
def _find_data(name: str, digests: tuple[tuple[str, str], ...], data_dir: str | None) -> Dataset:
    """Load the training images with these digests, from whichever folder has them."""
    for folder in _possible_folders(name, data_dir):
        with suppress(DataError):
            data = load_dataset(folder, "train")
            if data.digests == dict(digests):
                return data
    raise MissingDataError("not on this worker", folder=None)


def _possible_folders(name: str, data_dir: str | None) -> Iterator[Path]:
    if data_dir:
        yield Path(data_dir)
    with suppress(DataError):  # the user has no home folder
        yield default_folder()
        yield from (cache_folder_of(each) for each in CACHES if each == name)


def pack_data(data: Dataset) -> bytes:
    """Return the images and labels of a data set, compressed."""
    return zlib.compress(data.images.tobytes() + data.labels.tobytes(), LEVEL)


@lru_cache(maxsize=1)
def _unpack_data(packed: bytes) -> Dataset:
    """Return the data set from `pack_data`; `complete` compares its digests."""
    items = np.frombuffer(zlib.decompress(packed), np.uint8)
    count = len(items) // (PIXELS + 1)
    images, labels = np.split(items, [count * PIXELS])
    return Dataset(images.reshape(count, SIDE, SIDE), labels, "train")


def _brain_bytes(brain: Brain) -> bytes:
    with TemporaryDirectory(prefix="mnistmlp-") as folder:
        path = Path(folder, "brain.npz")
        brain.save(path)
        return path.read_bytes()


def read_brain_bytes(content: bytes) -> Brain:
    """Read a brain from the bytes of its file.

    Raises
    ------
    BrainError
        If they are not a valid brain.
    """
    with TemporaryDirectory(prefix="mnistmlp-") as folder:
        path = Path(folder, "brain.npz")
        path.write_bytes(content)
        try:
            return load_brain(path)
        except BrainError as error:
            raise BrainError(str(error).removeprefix(f"{path}: ")) from None
