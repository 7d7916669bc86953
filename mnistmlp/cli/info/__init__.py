"""``mnistmlp info``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mnistmlp import blas
from mnistmlp.cli.brains import DEFAULT_BRAIN, OneBrain, load_named
from mnistmlp.cli.info.table import format_rows, format_sections
from mnistmlp.cli.options import Json
from mnistmlp.version import __version__

EXAMPLES = (
    ("Describe a brain file", "mnistmlp info brain.npz"),
    ("Describe the bundled brain, as JSON", "mnistmlp info pretrained --json"),
    ("Describe this machine", "mnistmlp info --system"),
)


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
    """Describe a brain file, or this machine.

    The curves run from the first epoch to the last, each from its lowest value to its
    highest; the loss is on a logarithmic scale.
    """
    if system:
        threads = blas.configure()
        facts = {"mnistmlp": __version__, **blas.describe(), "threads": threads}
        print(json.dumps(facts) if as_json else format_rows(facts))
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
    print(format_sections(sections))
