"""Images in other tools' formats: a table like Kaggle's, an archive like Keras's."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from typing import BinaryIO

import numpy as np

from mnistmlp.arrays import PIXELS, Bytes
from mnistmlp.data.convert.parts import BLOCK, Images

OnBlock = Callable[[int], None]
LEVEL = 6  # of gzip: a fifth of level 9's time, for 4 % more bytes


def write_table(file: BinaryIO, images: Images, *, packed: bool, on_block: OnBlock) -> None:
    """Write images as a table: a header, then a row of a label, if any, and 784 pixels each.

    Parameters
    ----------
    file : file
    images : Images
    packed : bool
        Compress with gzip.
    on_block : callable
        Called with the number of images written so far.
    """
    if packed:
        with gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as unpacked:
            _write_rows(unpacked, images, on_block)
    else:
        _write_rows(file, images, on_block)


def _write_rows(file: BinaryIO | gzip.GzipFile, images: Images, on_block: OnBlock) -> None:
    names = [f"pixel{number}" for number in range(PIXELS)]
    if images.labels is not None:
        names.insert(0, "label")
    file.write(f"{','.join(names)}\n".encode())
    for start in range(0, len(images.images), BLOCK):
        block = slice(start, start + BLOCK)
        rows = images.images[block].reshape(-1, PIXELS)
        if images.labels is not None:
            rows = np.column_stack([images.labels[block], rows])
        file.write(format_rows(rows))
        on_block(start + len(rows))


def format_rows(rows: Bytes) -> bytes:
    """Return numbers (n, columns) as text: commas between columns, one line per row.

    Each number becomes four bytes, and the unused ones are dropped: 20 times as fast as
    NumPy's savetxt.
    """
    texts = np.array([f"{number},".ljust(4) for number in range(256)], "S4")
    cells = texts.view(np.uint8).reshape(256, 4)[rows]  # (n, columns, 4)
    last = cells[:, -1]
    last[last == ord(",")] = ord("\n")
    text: Bytes = cells[cells != ord(" ")]
    return text.tobytes()


def write_arrays(file: BinaryIO, sets: Sequence[Images]) -> None:
    """Write images as a compressed .npz: ``x_train``, ``y_train``, ``x_test`` and ``y_test``.

    Parameters
    ----------
    file : file
    sets : sequence of Images
        At most one of each split.  Without labels, there is no y.
    """
    arrays = dict[str, Bytes]()
    for images in sets:
        arrays[f"x_{images.split}"] = images.images
        if images.labels is not None:
            arrays[f"y_{images.split}"] = images.labels
    np.savez_compressed(file, allow_pickle=False, **arrays)  # a chunk at a time
