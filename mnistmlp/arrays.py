"""The dimensions of an image, and argument types.  Nothing here needs NumPy at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import os
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

SIDE = 28  # pixels
PIXELS = SIDE * SIDE
DIGITS = 10

Array: TypeAlias = "NDArray[np.floating[Any]]"
Bytes: TypeAlias = "NDArray[np.uint8]"
Indices: TypeAlias = "NDArray[np.intp]"
Labels: TypeAlias = "NDArray[np.integer[Any]]"  # 0 … 9
Grey: TypeAlias = "NDArray[np.float32]"  # (h, w): grey levels, 0 to 255, or ink, 0 to 1
Mask: TypeAlias = "NDArray[np.bool_]"
StrPath: TypeAlias = "str | os.PathLike[str]"  # of a file or folder
