"""Drawing with matplotlib, silently and independently of the user's settings."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from mnistmlp.errors import MissingExtraError, needs_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Style = Mapping[str, Any]  # matplotlib settings by name
Draw = Callable[["Axes"], object]  # draws a chart

BACKEND = "MPLBACKEND"
BACKENDS = ("backend", "backend_fallback")
COMMON: Style = {
    "text.parse_math": False,  # a file may be named $x$
    "svg.hashsalt": "mnistmlp",  # the same ids in each run
    "path.simplify_threshold": 0.1,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.bottom": False,
    "ytick.left": False,
    "legend.frameon": False,
    "legend.borderpad": 0,
    "legend.borderaxespad": 0,
    "legend.labelspacing": 0.3,
    "legend.columnspacing": 1.2,
    "legend.handlelength": 2.4,  # wide enough to show dashes
    "legend.handletextpad": 0.6,
}


def load_matplotlib() -> None:
    """Import matplotlib.

    The import would fail if the environment names a backend that does not exist.

    Raises
    ------
    MissingExtraError
        If it is not installed or cannot be imported.
    """
    backend = None if "matplotlib" in sys.modules else os.environ.pop(BACKEND, None)
    try:
        with needs_extra("report"), _silence():
            import matplotlib.figure
        if backend:
            with suppress(ValueError):
                matplotlib.rcParams["backend"] = backend
    except (OSError, ValueError) as error:  # from a settings file that is not text or not readable
        hint = "its settings file, matplotlibrc, may be damaged"
        raise MissingExtraError(f"matplotlib cannot be imported: {error}", hint=hint) from None
    finally:
        if backend is not None:
            os.environ[BACKEND] = backend


@contextmanager
def _silence() -> Iterator[None]:
    """Keep matplotlib from reporting what the user cannot change.

    It warns about caches that it cannot write, and fonts and settings that it does not
    know.
    """
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


@contextmanager
def styled(style: Style) -> Iterator[None]:
    """Draw in a style based on matplotlib's defaults; restores the caller's settings."""
    load_matplotlib()
    from matplotlib import rc_context, rcParamsDefault

    own: dict[Any, Any] = {
        name: value for name, value in rcParamsDefault.items() if "backend" not in name
    }
    with _silence(), rc_context(own | {**COMMON, **style}):
        yield


def draw_figure(charts: Sequence[Draw], width: float, height: float) -> Figure:
    """Return a figure of charts side by side, made higher for legends with more than one row.

    Call it, and save the figure, in a block of `styled`.

    Parameters
    ----------
    charts : sequence of callable
        Each draws on the axes passed to it.
    width, height : float
        Of each chart, in inches.
    """
    from matplotlib.figure import Figure

    figure = Figure((width * len(charts), height), layout="constrained")
    more = 0.0
    for chart, axes in zip(
        charts, figure.subplots(1, len(charts), squeeze=False).flat, strict=True
    ):
        chart(axes)
        if legend := axes.get_legend():
            line = legend.get_texts()[0].get_window_extent().height
            more = max(more, legend.get_window_extent().height - 1.5 * line)
    figure.set_figheight(height + more / figure.dpi)
    return figure


def draw_names(class_names: Sequence[str] | None, most: int) -> list[str] | None:
    """Return class names shortened to `most` characters, without those that the font lacks.

    Call it in a block of `styled`.  If nothing is left of a name, it becomes the digit.
    """
    from matplotlib.font_manager import FontProperties, findfont, get_font

    if class_names is None:
        return None
    known = get_font(findfont(FontProperties())).get_charmap()
    names = ["".join(c for c in name if ord(c) in known).strip() for name in class_names]
    cut = [f"{name[: most - 1]}…" if len(name) > most else name for name in names]
    return [name or str(digit) for digit, name in enumerate(cut)]
