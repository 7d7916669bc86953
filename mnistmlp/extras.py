"""Packages that only some files need: extras of this one, imported where they are used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mnistmlp.errors import MissingExtraError


@contextmanager
def needs_extra(name: str) -> Iterator[None]:
    """Raise MissingExtraError where the block cannot import the package that an extra names."""
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(
            f"this needs the package {name}: {error}", hint=f"pip install 'mnistmlp[{name}]'"
        ) from None
