"""Options of `recipes`: those below, and one for each setting of a recipe.

Typer reads the annotations, so their evaluation is not postponed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from mnistmlp.cli import options
from mnistmlp.cli.completion import complete_recipe


@dataclass(frozen=True)
class Options:
    """The options of a `recipes` command, parsed."""

    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE",
            autocompletion=complete_recipe,
            show_default="all of them",
            help="Recipe to show: its name, or a recipe file (.toml).",
        ),
    ] = None
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the recipe, as far as given
    save: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_file,
            metavar="FILE.toml",
            help="Write the recipe, with the given settings, to a file for train --recipe.",
        ),
    ] = None
    force: options.Force = False
    as_json: options.Json = False
