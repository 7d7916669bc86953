"""Names of brains as charts show them: a user's own words, or a stranger's."""

from __future__ import annotations

WIDTH = 24  # characters


def show_name(name: str, width: int = WIDTH) -> str:
    """Return a name without characters that cannot be shown, shortened in the middle."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
    if len(shown) <= width:
        return shown
    tail = (width - 1) // 2  # where numbers and suffixes are, which tell names apart
    return f"{shown[: width - 1 - tail]}…{shown[-tail:]}"
