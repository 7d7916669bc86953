"""Warped copies of training images, for tools that do not warp them as they train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from mnistmlp.errors import SettingError

if TYPE_CHECKING:
    from mnistmlp.data.convert.parts import Images


def add_warped(images: Images, copies: int, seed: int, on_block: Callable[[int], None]) -> Images:
    """Return images, and after them warped copies of all of them, as --augment of train has them.

    Parameters
    ----------
    images : Images
    copies : int
        How many of each image.
    seed : int
    on_block : callable
        Called with the number of images written so far.

    Raises
    ------
    SettingError
        If these are too many.
    """
    import tempfile

    import numpy as np

    from mnistmlp.arrays import PIXELS
    from mnistmlp.data.convert.parts import BLOCK, MAX_IMAGES, Spool
    from mnistmlp.training.augmentation import Distortion
    from mnistmlp.training.recipes import Recipe

    count = len(images.images)
    if count * (1 + copies) > MAX_IMAGES:
        total = f"{count * (1 + copies):,}"
        raise SettingError("augment", f"makes {total} images, more than {MAX_IMAGES:,}")
    rng = np.random.default_rng(seed)
    distortion = Distortion(**Recipe().warp, normalization="none")
    with tempfile.TemporaryFile() as file:
        spool = Spool(file)
        for copy in range(1 + copies):
            for start in range(0, count, BLOCK):
                block = images.images[start : start + BLOCK].reshape(-1, PIXELS)
                if copy:
                    block = block.copy()
                    distortion.apply(block, rng)
                spool.append(block)
                on_block(spool.count)
        labels = None if images.labels is None else np.tile(images.labels, 1 + copies)
        notes = [*images.notes, f"of these, {count * copies:,} are warped copies"]
        return replace(images, images=spool.images(), labels=labels, notes=notes)
