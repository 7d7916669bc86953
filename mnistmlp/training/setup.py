"""Preparation of a training run: the split of the images, and the initial network."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnistmlp.arrays import PIXELS, Bytes
from mnistmlp.core.initialization import initialise
from mnistmlp.core.network import MAX_PARAMETERS, Network, parameter_count
from mnistmlp.errors import SettingError
from mnistmlp.training.recipes import Recipe


class LabelledImages(NamedTuple):
    """Images with their labels."""

    images: Bytes  # (n, 784)
    labels: Bytes  # (n,)


def check_image_count(recipe: Recipe, count: int) -> None:
    """Raise SettingError if validation would take all `count` images."""
    if count <= recipe.validation:
        raise SettingError(
            "validation", f"{recipe.validation} of {count} images leaves none to train on"
        )


def split_images(
    recipe: Recipe, images: Bytes, labels: Bytes
) -> tuple[LabelledImages, LabelledImages | None]:
    """Split images into training images and, at the end, validation images, if any.

    Parameters
    ----------
    recipe : Recipe
        Its `limit` applies to the training images.
    images : (n, 28, 28) or (n, 784) uint8
    labels : (n,) uint8

    Raises
    ------
    SettingError
        If there are too few images.
    """
    check_image_count(recipe, len(images))
    count, rows = len(images) - recipe.validation, images.reshape(-1, PIXELS)
    training = LabelledImages(rows[:count][: recipe.limit], labels[:count][: recipe.limit])
    return training, LabelledImages(rows[count:], labels[count:]) if recipe.validation else None


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
