"""``mnistmlp info``."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import TextWrapper
from typing import Annotated, Any

import typer

from mnistmlp import blas
from mnistmlp.cli import console
from mnistmlp.cli.brains import DEFAULT_BRAIN, OneBrain, load_named
from mnistmlp.cli.drawing import cell_width
from mnistmlp.cli.options import Json
from mnistmlp.version import __version__

VALUES = TextWrapper(59, break_long_words=False, break_on_hyphens=False)


def info(
    path: OneBrain = DEFAULT_BRAIN,
    system: Annotated[
        bool,
        typer.Option(
            "--system",
            help="Describe this machine instead: NumPy, BLAS, processor, threads.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Describe a brain file, or this machine with --system.

    The curves by epoch go from the first epoch to the last, each from its lowest value
    to its highest; the loss is on a logarithmic scale.
    """
    if system:
        threads = blas.configure()
        facts = {"mnistmlp": __version__, **blas.describe(), "threads": threads}
        print(json.dumps(facts) if as_json else _rows(facts))
        return
    from mnistmlp.brains.facts import describe_brain, network_facts

    brain = load_named(path, warn=False)
    if as_json:
        raw = brain.meta.raw if brain.meta else {}
        print(json.dumps({"brain": str(path), **raw, **network_facts(brain.network)}))
        return
    sections = describe_brain(brain.network, brain.meta)
    sections["network"] = {"brain": path, **sections["network"]}
    if not brain.meta:
        sections["training"] = {"meta": "none: a brain of the older kind"}
    print("\n\n".join(filter(None, map(_rows, sections.values()))))


def _wrap(text: str) -> list[str]:
    """Wrap a text, in which a wide character takes two columns."""
    spread = "".join(c + "\0" * (cell_width(c) - 1) for c in text)
    return [line.replace("\0", "") for line in VALUES.wrap(spread)]


def _rows(facts: dict[str, Any]) -> str:
    """Return a row for each fact that is known, in 80 columns but for long words and paths."""
    rows = []
    for name, value in facts.items():
        text = console.escape(str(value))
        lines = [text] if isinstance(value, Path) else _wrap(text)
        if value is not None:
            rows.append(f"{name.replace('_', ' '):20} " + f"\n{'':21}".join(lines))
    return "\n".join(rows)
