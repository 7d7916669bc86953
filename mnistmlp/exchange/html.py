"""A web page to draw on: a single file that needs no server and no network.

The sources are in the folder ``page``: a template, style sheets and
JavaScript files; each kind is joined in order.  The weights are one vector, laid
out as in `core`, split into bytes, deflated and encoded in base64.
"""

from __future__ import annotations

import base64
import re
import zlib
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from mnistmlp.arrays import DIGITS, Array, Bytes
from mnistmlp.atomic import atomic_write
from mnistmlp.brains import likeness
from mnistmlp.brains.brain import Brain
from mnistmlp.core.losses import LOSSES
from mnistmlp.data.synthetic import make_digits
from mnistmlp.exchange.digits import embed_digits
from mnistmlp.exchange.webpage import embed_json, make_policy
from mnistmlp.version import __version__

SOURCES = resources.files(__package__) / "page"
STYLES = ("theme", "layout", "controls", "inside", "explain", "screens", "teach")
SCRIPTS = (  # each uses those before it
    *(
        "words",
        "network",
        "normalization",
        "metrics",
        "calibration",
        "recognise",
        "weights",
        "likeness",
    ),
    *("grids", "filters", "components", "strokes", "background"),
    *("marks", "evidence", "ink", "lines", "rulings", "images"),
    *("number_lines", "several", "cuts", "segments", "numbers"),
    *("decoding", "draw", "camera", "bars", "colours", "contributions", "view", "explain"),
    *("backpropagation", "changes", "pixels", "editing", "steps", "samples"),
    *("initialization", "training", "idx", "archive", "files"),
    *("curve", "lesson", "collection", "school", "classroom", "main"),
)
# the bundled brain's accuracy on MNIST's test images, by CRC-32 of its weights; a test measures it
TESTED = {0xDDA55B18: 0.9958}
SAMPLED, SAMPLE_SEED = 64, 57  # synthetic digits; with this seed, the first image of each is plain
MAX_SINGLE_PRECISION = 1_000_000  # parameters; more are embedded in half precision if they fit


def write_page(path: Path, brain: Brain, name: str) -> None:
    """Write a brain as a web page; an existing file stays until the new one is complete.

    Parameters
    ----------
    path : Path
    brain : Brain
    name : str
        Name of the brain, as the page shows it.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    page = make_page(brain, name).encode()
    with atomic_write(path) as file:
        file.write(page)


def make_page(brain: Brain, name: str) -> str:
    """Return the HTML of the page for a brain."""
    style = "\n".join(_read_source(f"{name}.css") for name in STYLES)
    script = "\n".join(_read_source(f"{name}.js") for name in SCRIPTS)
    return Template(_read_source("page.html")).substitute(
        policy=make_policy(script, style),
        generator=f"mnistmlp {__version__}",
        style=style,
        script=script,
        words=_read_file("words.json").replace("<", "\\u003c"),
        brain=_embed_brain(brain, name),
        classes=embed_json(brain.class_names),
        digits=embed_digits(),
    )


def _read_source(name: str) -> str:
    """Return a source indented with tabs: 6 kB smaller, and as easy to read."""
    return re.sub(
        r"^(  )+", lambda found: "\t" * (len(found[0]) // 2), _read_file(name), flags=re.M
    )


def _read_file(name: str) -> str:
    return (SOURCES / name).read_text(encoding="utf-8")


def _embed_brain(brain: Brain, name: str) -> str:
    """Return the JSON that the script reads."""
    network, meta = brain.network, brain.current_meta
    weights = _reduce_precision(network.parameters)
    document = {
        "name": name,
        "recipe": meta and meta.recipe_name,
        "validation": meta and meta.validation_accuracy,
        "tested": TESTED.get(zlib.crc32(network.parameters.data)),
        "samples": base64.b64encode(_deflate(_make_samples().tobytes())).decode(),
        "sizes": network.sizes,
        "normalization": network.normalization,
        "activation": network.activation,
        "output": LOSSES[network.loss].output,
        "temperature": brain.temperature,
        "likeness": _embed_likeness(),
        "dtype": weights.dtype.name,
        "weights": base64.b64encode(_deflate(_split_bytes(weights))).decode(),
    }
    return embed_json(document)


def _embed_likeness() -> dict[str, Any]:
    """Return the network that tells digits from other things."""
    hidden, output, hidden_scale, output_scale = likeness.load_weights()
    return {
        "least": likeness.MIN_LIKENESS,
        "sizes": [hidden.shape[1] - 1, len(hidden), 1],
        "scales": [float(hidden_scale), float(output_scale)],
        "weights": base64.b64encode(hidden.tobytes() + output.tobytes()).decode(),
    }


def _make_samples() -> Bytes:
    """Return a synthetic image (28, 28) of each digit, (10, 28, 28)."""
    images, labels = make_digits(SAMPLED, SAMPLE_SEED)
    return images[[int((labels == digit).argmax()) for digit in range(DIGITS)]]


def _reduce_precision(parameters: Array) -> Array:
    """Return parameters (p,) in little-endian single precision, or half if there are many."""
    fits = np.abs(parameters).max() <= np.finfo(np.float16).max
    return parameters.astype("<f2" if parameters.size > MAX_SINGLE_PRECISION and fits else "<f4")


def _split_bytes(weights: Array) -> bytes:
    """Return the first bytes of all numbers, then their second bytes, and so on.

    The last bytes, with the exponents, are similar: 4 to 9 % shorter when deflated.
    """
    return weights.view(np.uint8).reshape(-1, weights.itemsize).T.tobytes()


def _deflate(data: bytes) -> bytes:
    """Return a raw deflate stream (RFC 1951), without zlib's header.

    Only runs of zeros repeat in weights.  Searching for other repeats takes 80
    times as long and makes the result longer.
    """
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS, strategy=zlib.Z_RLE)
    return deflate.compress(data) + deflate.flush()
