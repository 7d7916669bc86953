"""Charts of a search for settings, each drawn on matplotlib's axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from mnistmlp.report.charts.lines import (
    keep_within,
    labelled,
    place_legend,
    sample,
    scale_linearly,
    scale_logarithmically,
    scale_to_percent,
    scale_to_whole,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_BARS = 12  # settings whose importance is drawn
FAR = 3  # times as far below the best as the median, below which a trial is not drawn to scale
Points = Sequence[tuple[float, float]]
UNCLIPPED: dict[str, Any] = {"linestyle": "", "clip_on": False}
TRAINED: dict[str, Any] = {"color": "C0", "marker": "o", **UNCLIPPED}
EARLY: dict[str, Any] = {"color": "C1", "marker": "x", **UNCLIPPED}
BELOW: dict[str, Any] = {"marker": "v", "fillstyle": "none", **UNCLIPPED}


def draw_history(axes: Axes, trained: Mapping[int, float], early: Mapping[int, float]) -> None:
    """Draw the validation accuracy of each trial, and the best so far as a line.

    Parameters
    ----------
    trained : mapping
        Accuracies in [0, 1] by trial, of those trained to their end; one at least.
    early : mapping
        The same of those ended early, after their last epoch.
    """
    best, line = 0.0, {}
    for trial in sorted(trained):
        line[trial] = best = max(best, trained[trial])
    last = max([*trained, *early])
    axes.step([*line, last], [*line.values(), best], color="C0", where="post")
    floor = _find_floor(list(trained.values()), [*trained.values(), *early.values()])
    below = [_draw_trials(axes, *each, floor) for each in ((trained, TRAINED), (early, EARLY))]
    legend = [(sample(0), "best so far"), (sample(None, **TRAINED), "trained to the end")]
    if early:
        legend.append((sample(None, **EARLY), "ended early"))
    if any(below):
        legend.append((sample(None, **BELOW), "further below"))
        axes.set_ylim(bottom=floor)
    keep_within(axes, 1)
    place_legend(axes, legend, 0)
    axes.set_xlim(1 - 0.02 * last, 1.02 * last + 0.5)
    scale_to_whole(axes.xaxis)
    scale_to_percent(axes.yaxis)
    axes.set(xlabel="trial", ylabel="validation accuracy")


def _draw_trials(
    axes: Axes, trials: Mapping[int, float], style: Mapping[str, Any], floor: float
) -> bool:
    """Draw trials in a style, those below the floor on it; return whether there are any."""
    shown = {trial: each for trial, each in trials.items() if each >= floor}
    below = sorted(trials.keys() - shown.keys())
    if shown:  # an unclipped line without points would move the layout
        axes.plot(list(shown), list(shown.values()), **style)
    if below:
        axes.plot(below, [floor] * len(below), **{**style, **BELOW})
    return bool(below)


def _find_floor(trained: Sequence[float], values: Sequence[float]) -> float:
    """Return the least accuracy drawn to scale: poor trials would hide how others differ."""
    best = max(trained)
    far = best - FAR * (best - median(trained))
    return min(values) if len(set(trained)) < 3 else max(min(values), far)


def draw_importances(axes: Axes, importances: Mapping[str, float]) -> None:
    """Draw the importance of settings, in [0, 1] and the highest first, as bars."""
    from matplotlib import rcParams

    shown = dict(list(importances.items())[:MAX_BARS])
    names = [name.replace("_", " ") for name in shown]
    bars = axes.barh(names, list(shown.values()), color="C0", height=0.7)
    shares = [f"{share:.0%}" for share in shown.values()]
    axes.bar_label(bars, shares, padding=4, fontsize=rcParams["ytick.labelsize"])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.12 * max(shown.values()))
    axes.grid(visible=False, axis="y")
    scale_to_percent(axes.xaxis)
    axes.set_xlabel("importance for being among the best")


def draw_front(axes: Axes, trials: Points, front: Points, cost: str) -> None:
    """Draw the accuracy of trials against what they cost, and their Pareto front as a line.

    Parameters
    ----------
    trials, front : sequence of pairs
        Cost and accuracy; the front by rising cost.
    cost : str
        What the cost is.
    """
    costs, accuracies = zip(*front, strict=True)
    values = [y for _, y in trials]
    floor = min(_find_floor(values, values), *accuracies)
    seen = {(x, y) for x, y in trials if y >= floor and (x, y) not in front}
    if seen:
        x, y = zip(*sorted(seen), strict=True)
        axes.plot(x, y, label="other trials", **{**TRAINED, "color": "C1", "fillstyle": "none"})
    shown = [x for x, y in trials if y >= floor]
    axes.step([*costs, max(shown)], [*accuracies, accuracies[-1]], color="C0", where="post")
    axes.plot(costs, accuracies, label="Pareto front", **TRAINED)
    keep_within(axes, 1)
    place_legend(axes, labelled(axes), 0)
    if max(shown) > 10 * min(shown) > 0:
        scale_logarithmically(axes, shown, "x")
    else:
        scale_linearly(axes.xaxis)
    scale_to_percent(axes.yaxis)
    axes.set(xlabel=cost, ylabel="validation accuracy")
