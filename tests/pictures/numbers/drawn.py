"""Zeros and ones that are drawn, and what tells them apart without a network."""

import numpy as np
from PIL import Image, ImageDraw

from mnistmlp.arrays import Array, Bytes, Grey
from mnistmlp.pictures.images import fit_into_image

WIDTH = {"0": 30, "1": 8}  # pixels
HEIGHT, STROKE = 50, 8


def draw_lines(
    *lines: str, gap: int = 16, pitch: int = 90, slope: float = 0.0, margin: int = 30
) -> Grey:
    """Return lines of zeros and ones, dark on light; a space is as wide as a zero."""
    widths = [sum(WIDTH.get(each, 30) + gap for each in line) for line in lines]
    fall = int(abs(slope) * max(widths))
    size = (max(widths) + 2 * margin, pitch * (len(lines) - 1) + HEIGHT + fall + 2 * margin)
    page = Image.new("L", size, 240)
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        left = margin
        for each in line:
            top = margin + number * pitch + round(slope * (left - margin)) + fall * (slope < 0)
            right = left + WIDTH.get(each, 30)
            if each == "0":
                draw.ellipse((left, top, right - 1, top + HEIGHT - 1), None, 20, STROKE)
            elif each == "1":
                draw.rectangle((left, top, right - 1, top + HEIGHT - 1), 20)
            left = right + gap
    return np.asarray(page, np.float32)


def image_of(digit: str) -> Bytes:
    """Return a digit as an image (28, 28)."""
    ink = (240 - draw_lines(digit, margin=0, gap=0)) / 220
    return fit_into_image(ink.astype(np.float32))[0]


def classify(images: Bytes) -> Array:
    """Return probabilities (n, 10): high for zeros and ones, 5 for all else."""
    probabilities = np.full((len(images), 10), 1e-4)
    pixels = images.reshape(len(images), -1).astype(np.float64)
    for digit in (0, 1):
        template = image_of(str(digit)).ravel().astype(np.float64)
        norms = np.linalg.norm(pixels, axis=1) * np.linalg.norm(template)
        probabilities[:, digit] += (pixels @ template / norms) ** 12
    probabilities[:, 5] += 0.2
    return probabilities / probabilities.sum(axis=1, keepdims=True)


def save(grey: Grey, name: str) -> str:
    """Write grey levels as a picture, and return its name."""
    Image.fromarray(grey.astype(np.uint8)).save(name)
    return name
