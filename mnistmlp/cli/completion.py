"""What the shell offers on Tab, beyond the names of commands, options and choices."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from mnistmlp.cli.hints import BUNDLED

PLAIN = re.compile(r"[\w@%+,./-]*")  # what no shell takes for anything but a name


def complete_recipe(incomplete: str) -> list[tuple[str, str]]:
    """Return the recipes, each with the accuracy to expect, and recipe files."""
    from mnistmlp.training.recipes import EXPECTED

    files = complete_file(".toml")(incomplete) if incomplete else []
    return [
        *((name, f"{each.accuracy:.2%} on the test set") for name, each in EXPECTED.items()),
        *((name, "recipe file") for name in files),
    ]


def complete_file(*suffixes: str, names: tuple[str, ...] = ()) -> Callable[[str], list[str]]:
    """Return a completer that offers files with these suffixes, folders, and these names.

    Names that would have to be quoted are left out; if no other is left, the shell
    offers all files by its own means.  A folder that is the only candidate is replaced by
    what is in it, as the shell would put a space after it.
    """

    def complete(incomplete: str) -> list[str]:
        found = [name for name in names if name.startswith(incomplete)]
        found += _list_files(incomplete, suffixes)
        if len(found) == 1 and found[0].endswith("/"):
            return complete(found[0])
        return list(filter(PLAIN.fullmatch, found))

    return complete


def _list_files(incomplete: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    end = incomplete.rfind("/") + 1
    folder, start = incomplete[:end], incomplete[end:]
    with suppress(OSError):
        for path in sorted(Path(folder or ".").iterdir()):
            name = path.name
            if name.startswith(start) and (start or name[0] != "."):
                if path.is_dir():
                    yield f"{folder}{name}/"
                elif path.suffix in suffixes:
                    yield f"{folder}{name}"


complete_brain = complete_file(".npz", names=(BUNDLED,))


def separate_values() -> None:
    """Make two words of ``--option=value``, as Typer expects; bash has made three."""
    words, current = os.environ["COMP_WORDS"].split("\n"), int(os.environ["COMP_CWORD"])
    signs = [
        number
        for number in range(1, min(current, len(words)))
        if words[number] == "=" and words[number - 1].startswith("--")
    ]
    for number in reversed(signs):
        del words[number]
    os.environ["COMP_WORDS"] = "\n".join(words)
    os.environ["COMP_CWORD"] = str(current - len(signs))
