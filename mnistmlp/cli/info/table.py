"""Facts as rows of at most 80 columns, in sections."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnistmlp.cli import console

LABELS, VALUES = 20, 57  # columns


def format_sections(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the facts of each section below its heading; a section without any is left out."""
    shown = {name: format_rows(facts, "  ") for name, facts in sections.items()}
    return "\n\n".join(
        f"{console.paint(name.capitalize(), 'heading', sys.stdout)}\n{rows}"
        for name, rows in shown.items()
        if rows
    )


def format_rows(facts: Mapping[str, Any], indent: str = "") -> str:
    """Return a row for each fact that is known; long words and paths are not broken."""
    rows = []
    for name, value in facts.items():
        text = console.escape(str(value))
        lines = [text] if isinstance(value, Path) else console.wrap(text, VALUES)
        if value is not None:
            label = f"{indent}{name.replace('_', ' '):{LABELS}} "
            rows.append(label + f"\n{'':{len(label)}}".join(lines))
    return "\n".join(rows)
