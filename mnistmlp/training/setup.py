"""Preparation of a training run: splitting the images, and the initial network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, SupportsIndex

import numpy as np

from mnistmlp.arrays import PIXELS, Bytes, Labels
from mnistmlp.core.initialization import initialise
from mnistmlp.core.network import MAX_PARAMETERS, Network, parameter_count
from mnistmlp.core.normalization import normalise
from mnistmlp.errors import SettingError, check_whole
from mnistmlp.training.augmentation import Distortion
from mnistmlp.training.recipes import Recipe

MAX_NORMALISED = 200_000  # images, 157 MB, besides the caller's


class LabelledImages(NamedTuple):
    """Images with their labels."""

    images: Bytes  # (n, 784)
    labels: Labels  # (n,)


def check_seed(seed: SupportsIndex) -> int:
    """Return a seed as an int; raise SettingError if it is invalid."""
    return check_whole("seed", seed, "a whole number, 0 or more", 0)


def check_image_count(recipe: Recipe, count: int) -> None:
    """Raise SettingError if validation would take all `count` images."""
    if count <= recipe.validation:
        message = f"{recipe.validation} of {count} images leaves none to train on"
        fewer = f"fewer, such as {count // 10}, or 0" if count > 10 else "0"
        raise SettingError("validation", message, hint=f"hold out {fewer}")


def split_images(
    recipe: Recipe, images: Bytes, labels: Labels
) -> tuple[LabelledImages, LabelledImages | None]:
    """Split images into training images and, from the end, validation images, if any.

    Parameters
    ----------
    recipe : Recipe
        Its `limit` applies to the training images.
    images : (n, 28, 28) or (n, 784) uint8
    labels : (n,)

    Raises
    ------
    SettingError
        If there are too few images.
    """
    check_image_count(recipe, len(images))
    count, rows = len(images) - recipe.validation, images.reshape(-1, PIXELS)
    training = LabelledImages(rows[:count][: recipe.limit], labels[:count][: recipe.limit])
    return training, LabelledImages(rows[count:], labels[count:]) if recipe.validation else None


def normalise_once(images: LabelledImages, normalization: str) -> LabelledImages:
    """Return all images, normalised."""
    return images._replace(images=normalise(images.images, normalization))


def prepare_images(
    recipe: Recipe, images: LabelledImages, rng: np.random.Generator
) -> tuple[LabelledImages, Callable[[Bytes], object] | None]:
    """Return the training images, and a function to apply to each block in place, if any.

    They are normalised in the interpolation that warps them, or else once, or a block
    at a time if that would take too much memory.
    """
    normalization = recipe.normalization
    if recipe.augment:
        warp = Distortion(**recipe.warp, normalization=normalization)
        return images, partial(warp.apply, rng=rng)
    if len(images.labels) <= MAX_NORMALISED:
        return normalise_once(images, normalization), None
    return images, lambda block: normalise(block, normalization, out=block)


def check_network(recipe: Recipe, initial_network: Network | None = None) -> None:
    """Raise SettingError if the network is too large or does not match the initial one."""
    count = parameter_count(recipe.sizes)
    if count > MAX_PARAMETERS:
        raise SettingError("hidden", f"{count:,} weights and biases, more than {MAX_PARAMETERS:,}")
    if initial_network and initial_network.sizes != recipe.sizes:
        raise SettingError(
            "hidden", f"the initial brain has layers {initial_network.sizes}, not {recipe.sizes}"
        )


def make_network(
    recipe: Recipe, rng: np.random.Generator, initial_network: Network | None = None
) -> Network:
    """Make the network to train, with random weights or those of the initial network.

    Raises
    ------
    SettingError
        If it is too large or does not match the initial network.
    """
    check_network(recipe, initial_network)
    network = Network(recipe.sizes, recipe.activation, recipe.loss, recipe.dtype)
    if initial_network:
        network.parameters[:] = initial_network.parameters
    else:
        initialise(network, rng, recipe.receptive_field)
    return network
