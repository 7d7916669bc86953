"""The pictures of a search for settings as separate files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from mnistmlp.report.charts.figures import draw_figure
from mnistmlp.report.charts.search import draw_front, draw_history, draw_importances
from mnistmlp.report.plots import HEIGHT, WIDTH, NothingToDrawError, draw_files

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mnistmlp.report.charts.search import Points


@dataclass(frozen=True)
class SearchFacts:
    """What is drawn of a search."""

    trained: Mapping[int, float]  # validation accuracy by trial; of those trained to their end
    early: Mapping[int, float]  # the same after their last epoch, of those ended early
    importances: Mapping[str, float]  # by setting, the highest first; empty if they are not known
    enough: int  # trials that importances need
    cost: str = ""  # what accuracy is weighed against, if anything
    trials: Points = field(default_factory=list)  # cost and accuracy of each trained to its end
    front: Points = field(default_factory=list)  # of those on the Pareto front, by rising cost


def draw_search_plot(name: str, facts: SearchFacts) -> dict[str, bytes]:
    """Return a picture, one of `SEARCH_PLOTS`, as the bytes of a file in each of `FORMATS`.

    Raises
    ------
    NothingToDrawError
        If there is nothing to draw.
    MissingExtraError
        If matplotlib is not installed.
    """
    return draw_files(partial(SEARCH_PLOTS[name], facts))


def _draw_history(facts: SearchFacts) -> Figure:
    return draw_figure(
        [partial(draw_history, trained=facts.trained, early=facts.early)], WIDTH, HEIGHT
    )


def _draw_importance(facts: SearchFacts) -> Figure:
    if not facts.importances:
        needed = f"{facts.enough} trials that were trained to the end, not all alike"
        raise NothingToDrawError(f"it takes {needed}")
    return draw_figure([partial(draw_importances, importances=facts.importances)], WIDTH, HEIGHT)


def _draw_front(facts: SearchFacts) -> Figure:
    chart = partial(draw_front, trials=facts.trials, front=facts.front, cost=facts.cost)
    return draw_figure([chart], WIDTH, HEIGHT)


SEARCH_PLOTS: dict[str, Callable[[SearchFacts], Figure]] = {
    "history": _draw_history,
    "importance": _draw_importance,
    "front": _draw_front,
}
