"""Names of brains as reports show them: a user's own words, or a stranger's."""

from __future__ import annotations

WIDTH = 24  # characters


def make_legible(text: str) -> str:
    """Return a text with escapes for characters that cannot be seen, or would turn others round."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def show_name(name: str, width: int = WIDTH) -> str:
    """Return a name without characters that cannot be shown, shortened in the middle."""
    shown = make_legible(name)
    if len(shown) <= width:
        return shown
    tail = (width - 1) // 2  # where numbers and suffixes are, which tell names apart
    return f"{shown[: width - 1 - tail]}…{shown[-tail:]}"
