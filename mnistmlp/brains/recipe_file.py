"""Recipe files: the settings of a recipe in TOML, one per line, such as ``epochs = 4``.

The standard library reads TOML; a flat table of numbers, names, switches and lists
of whole numbers can be written without a library.
Nothing here needs NumPy.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mnistmlp.atomic import atomic_write, cause_of
from mnistmlp.errors import RecipeError, SettingError
from mnistmlp.training.learning_rates import override
from mnistmlp.training.recipes import RECIPES, SETTINGS, Recipe, check_names, imply_augment
from mnistmlp.version import __version__

SUFFIX = ".toml"
MAX_SIZE = 100_000  # bytes; a full recipe has about 700


def named_recipe(name: str) -> str | Recipe:
    """Return the recipe in a file if the name ends in ``.toml``, or else the name unchanged.

    Raises
    ------
    RecipeError
        If the file is not a valid recipe.
    """
    return load_recipe(Path(name)) if name.lower().endswith(SUFFIX) else name


def load_recipe(path: Path) -> Recipe:
    """Read a recipe file; the recipe is named after the file.

    Missing settings are those of `classic`, with a learning rate that suits the
    others, as on the command line.

    Raises
    ------
    RecipeError
        If the file is not TOML, or a setting is unknown or invalid.
    """
    settings = _read_toml(path)
    name = path.name if path.name.isprintable() else ascii(path.name)[1:-1]
    try:
        check_names(settings)
        if "name" in settings:  # the recipe is named after the file
            raise SettingError("name", "not a setting of a recipe")
        changed = override(RECIPES["classic"], imply_augment(settings))
    except SettingError as error:
        raise RecipeError(f"{path}: {error}", hint=error.hint) from None
    return Recipe(**vars(changed) | {"name": name})


def save_recipe(path: Path, recipe: Recipe) -> None:
    """Write a recipe file with all settings, replacing an existing file.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    with atomic_write(path) as file:
        file.write(format_toml(recipe).encode())


def format_toml(recipe: Recipe) -> str:
    """Return a recipe as TOML, which cannot express None: such settings are left out."""
    lines = [f"# from {recipe.name}, by mnistmlp {__version__}"]
    for name in SETTINGS:
        value = getattr(recipe, name)
        if value is not None:  # JSON writes these types as TOML does
            lines.append(f"{name} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def _read_toml(path: Path) -> dict[str, Any]:
    """Return the table of a TOML file.

    Raises
    ------
    RecipeError
        If the file cannot be read, is too large, or is not TOML.
    """
    import tomllib  # slow: it compiles regular expressions

    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
    except FileNotFoundError:
        raise RecipeError(f"{path}: no such file") from None
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read: {cause_of(error)}") from None
    if len(content) > MAX_SIZE:
        raise RecipeError(f"{path}: larger than {MAX_SIZE:,} bytes, too large for a recipe")
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError:
        raise RecipeError(f"{path}: not UTF-8 text") from None
    except RecursionError:
        raise RecipeError(f"{path}: nested too deeply for a recipe") from None
    except ValueError as error:  # also for a number with too many digits
        raise RecipeError(f"{path}: {_describe_fault(str(error))}") from None


def _describe_fault(message: str) -> str:
    """Return what is wrong with the TOML, line number first."""
    match = re.fullmatch(r"(.*) \(at (line \d+|end of document).*\)", message, re.DOTALL)
    what, where = (match[1], f"{match[2]}: ") if match else (message, "")
    return f"not TOML: {where}{what[:1].lower()}{what[1:]}"
