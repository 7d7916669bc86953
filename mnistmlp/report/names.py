"""Names of brains in reports; they may come from untrusted files."""

from __future__ import annotations

WIDTH = 24  # characters


def make_legible(text: str) -> str:
    """Return text with escapes for invisible characters, and those that change its direction."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def show_name(name: str, width: int = WIDTH) -> str:
    """Return a name without unprintable characters, shortened in the middle."""
    shown = make_legible(name)
    if len(shown) <= width:
        return shown
    tail = (width - 1) // 2  # numbers and suffixes, which tell names apart
    return f"{shown[: width - 1 - tail]}…{shown[-tail:]}"
