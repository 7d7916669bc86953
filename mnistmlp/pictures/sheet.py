"""Images of digits as pictures: one each, or many in one for a web page to take apart."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from mnistmlp.arrays import SIDE, Bytes

COLUMNS = 100  # images per row


def encode_image(image: Bytes) -> bytes:
    """Return an image (28, 28) as a PNG with the same grey levels."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def encode_sheet(images: Bytes, palette: Bytes | None = None) -> bytes:
    """Return images (n, 28, 28) as one PNG, row by row.

    Parameters
    ----------
    images : (n, 28, 28) or (n, 784)
        Grey levels, or indices into the palette.
    palette : (256, 4), optional
        Colours: red, green, blue and opacity.
    """
    rows = max(-(-len(images) // COLUMNS), 1)
    columns = max(min(len(images), COLUMNS), 1)
    places = np.zeros((rows * columns, SIDE, SIDE), np.uint8)
    places[: len(images)] = images.reshape(-1, SIDE, SIDE)
    pixels = places.reshape(rows, columns, SIDE, SIDE).swapaxes(1, 2).reshape(rows * SIDE, -1)
    sheet, options = Image.fromarray(pixels), {}
    if palette is not None:
        sheet.putpalette(palette[:, :3].tobytes())  # makes it a picture with a palette
        options["transparency"] = palette[:, 3].tobytes()
    file = io.BytesIO()
    sheet.save(file, "PNG", **options)
    return file.getvalue()
