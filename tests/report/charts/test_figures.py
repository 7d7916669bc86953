import logging
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes

from mnistmlp.errors import MissingExtraError
from mnistmlp.report.charts.figures import draw_figure, load_matplotlib, styled
from mnistmlp.report.charts.svg import draw_inline
from mnistmlp.version import install_command

CODE = """
import os, sys
from mnistmlp.report.charts.svg import draw_inline
def draw(axes):
    axes.plot([1, 2], label="line")
    axes.set_xlabel("$x$ \\u6f22\\U0001f642")
print(draw_inline(draw, "a chart", "a"))
assert os.environ.get("MPLBACKEND") == (sys.argv[1] or None), os.environ.get("MPLBACKEND")
assert "matplotlib.pyplot" not in sys.modules
"""
BAD_SETTINGS = b"lines.linewidth: 9\nfont.size: 30\nunheard-of: 4\ntext.parse_math: 1\nbackend: x\n"


def draw_elsewhere(backend: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
    """Draw a chart in another process, in this folder and with this environment."""
    given = {**os.environ, **environment, **({"MPLBACKEND": backend} if backend else {})}
    command = [sys.executable, "-c", CODE, backend]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False)


def test_the_users_settings_have_no_influence_and_nothing_is_printed() -> None:
    plain = draw_elsewhere()
    assert plain.returncode == 0, plain.stderr
    Path("matplotlibrc").write_bytes(BAD_SETTINGS)
    Path("file").touch()
    other = draw_elsewhere("nonsense", HOME="/dev/null", XDG_CACHE_HOME="file", XDG_CONFIG_HOME="")
    assert (plain.stderr, other.stderr) == ("", "")
    assert other.stdout == plain.stdout != ""


def test_settings_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("matplotlibrc").write_bytes(b"\xff\xfe")
    done = draw_elsewhere()
    assert "MissingExtraError: matplotlib cannot be imported: " in done.stderr
    assert "\nbackend" not in done.stderr


def test_the_callers_state_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "svg")
    logger = logging.getLogger("matplotlib")
    level = logger.level
    with mpl.rc_context({"lines.linewidth": 7, "backend": "pdf"}):
        before = dict(mpl.rcParams)
        with pytest.raises(ZeroDivisionError), styled({"font.size": 3}):
            assert mpl.rcParams["lines.linewidth"] == mpl.rcParamsDefault["lines.linewidth"]
            assert mpl.rcParams["font.size"] == 3
            _ = 1 / 0
        assert dict(mpl.rcParams) == before
    assert (os.environ["MPLBACKEND"], logger.level) == ("svg", level)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for act in (load_matplotlib, lambda: draw_inline(lambda axes: None, "", "a")):
        with pytest.raises(MissingExtraError) as caught:
            act()
        assert caught.value.hint == install_command("report")


def test_a_tall_legend_makes_the_figure_higher() -> None:
    def draw(axes: Axes, count: int) -> None:
        lines = [axes.plot([1, 2])[0] for _ in range(count)]
        axes.legend(lines, ["x"] * count, ncols=1)

    with styled({}):
        heights = [draw_figure([partial(draw, count=n)], 4, 3).get_figheight() for n in (1, 9)]
    assert heights[0] == 3
    assert heights[1] > 4
