"""Put what a benchmark measured into a page of docs/."""

from __future__ import annotations

from pathlib import Path

BEGIN, END = "<!-- measured: written by a benchmark -->", "<!-- end -->"


def put(tables: list[str], page: Path) -> str:
    """Write the tables between the two marks in a page, and return them."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    measured = "\n\n".join(tables)
    page.write_text(f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}")
    return measured
