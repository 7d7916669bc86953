"""The additional packages that reports need."""

from __future__ import annotations

from mnistmlp.errors import needs_extra
from mnistmlp.report.charts.figures import load_matplotlib


def check_extra() -> None:
    """Raise MissingExtraError, before the work starts, if a package is not installed."""
    with needs_extra("report"):
        import jinja2  # noqa: F401
    load_matplotlib()
