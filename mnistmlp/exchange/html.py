"""A page to draw on: one file that needs no server and no network.

The sources are in the folder ``page``: a template, a style sheet, and the
JavaScript as files that are joined in order.  The weights are one vector, laid
out as in `core`, deflated and in base64.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from pathlib import Path
from string import Template

import numpy as np

from mnistmlp.arrays import Array
from mnistmlp.atomic import atomic_write
from mnistmlp.brains.brain import Brain
from mnistmlp.core.network import LOSSES
from mnistmlp.version import __version__

SOURCES = Path(__file__).with_name("page")
SCRIPTS = (  # each uses those before it
    *("network", "grids", "components", "strokes", "filters", "ink", "images", "decode"),
    *("draw", "camera", "bars", "view", "main"),
)
LARGE = 1_000_000  # parameters: of more, half precision is embedded, if they fit into it


def write_page(path: Path, brain: Brain, name: str) -> None:
    """Write a brain as a page to draw on; an old file at `path` stays whole until the new one is.

    Parameters
    ----------
    path : Path
    brain : Brain
    name : str
        Of the brain, as the page shows it.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    page = make_page(brain, name).encode()
    with atomic_write(path) as file:
        file.write(page)


def make_page(brain: Brain, name: str) -> str:
    """Return the page of a brain, as HTML."""
    style = _source("page.css")
    script = "\n".join(_source(f"{name}.js") for name in SCRIPTS)
    return Template(_source("page.html")).substitute(
        policy=_policy(script, style),
        generator=f"mnistmlp {__version__}",
        style=style,
        script=script,
        brain=_embedded(brain, name),
    )


def _source(name: str) -> str:
    return (SOURCES / name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    """Return a Content-Security-Policy that allows this script, this style, and no connection."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            "img-src data:",  # the icon
            *("connect-src 'none'", "form-action 'none'", "base-uri 'none'"),
        ]
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _embedded(brain: Brain, name: str) -> str:
    """Return JSON that `network.js` reads, without a ``<`` that could end its element."""
    network = brain.network
    weights = _packed_type(network.parameters)
    document = {
        "about": _about(brain, name),
        "sizes": network.sizes,
        "activation": network.activation,
        "output": LOSSES[network.loss].output,
        "temperature": brain.temperature,
        "dtype": weights.dtype.name,
        "weights": base64.b64encode(_deflated(weights.tobytes())).decode(),
    }
    return json.dumps(document).replace("<", "\\u003c")


def _packed_type(parameters: Array) -> Array:
    """Return parameters (p,) in little-endian half precision if they are many, else single."""
    fits = np.abs(parameters).max() <= np.finfo(np.float16).max
    return parameters.astype("<f2" if parameters.size > LARGE and fits else "<f4")


def _deflated(data: bytes) -> bytes:
    """Return a raw deflate stream: RFC 1951, without zlib's header.

    Runs of zeros are all that repeats in weights: to look for more takes 80
    times as long, and makes it longer.
    """
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS, strategy=zlib.Z_RLE)
    return deflate.compress(data) + deflate.flush()


def _about(brain: Brain, name: str) -> str:
    """Return a line on what the network is and where it comes from."""
    facts = [
        name,
        "-".join(map(str, brain.network.sizes)),
        f"{brain.network.parameters.size:,} weights and biases",
    ]
    if brain.meta and brain.meta.recipe_name:
        facts.append(f"recipe {brain.meta.recipe_name}")
    if brain.meta and brain.meta.validation_accuracy is not None:
        facts.append(f"{100 * brain.meta.validation_accuracy:.1f} % right in validation")
    return " · ".join(facts)
