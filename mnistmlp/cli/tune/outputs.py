"""The files that `tune` writes: recipes, and plots."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.brains.recipe_file import save_recipe
from mnistmlp.cli.options import back_up_replaced, check_distinct, check_target
from mnistmlp.cli.recipes import check_recipe_file
from mnistmlp.errors import SettingError
from mnistmlp.tuning.outcomes import find_front

if TYPE_CHECKING:
    from mnistmlp.cli.tune.options import Options
    from mnistmlp.report.search import SearchFacts
    from mnistmlp.tuning.outcomes import Cost, Outcome
    from mnistmlp.tuning.space import Space

TRIAL = "{trial}"  # in the name of a recipe file


def check_outputs(options: Options, study: Path | None) -> None:
    """Raise an error if a file cannot be written: before the work, not after it.

    `study` is the file that the study is in, if it is in one.
    """
    output, files = options.output, {"--storage": study}
    if output:
        check_distinct("output", output, files)
        if options.pareto and TRIAL not in output.name:
            raise SettingError(
                "output",
                f"{output} is one file, and --pareto finds several recipes",
                hint=f"put {TRIAL} in its name, such as {output.stem}-{TRIAL}{output.suffix}",
            )
        check_recipe_file("output", output, force=options.force)
        for trial in range(1, options.trials + 1) if options.pareto else ():
            path = insert_trial(output, trial)
            if path.exists():
                check_target("output", path, force=options.force)
    if options.plots:
        from mnistmlp.cli.evaluate.plots import check_files

        check_files(options.plots, _list_plots(options.pareto), files, force=options.force)


def insert_trial(output: Path, trial: int) -> Path:
    """Return a path with the trial in place of ``{trial}``."""
    return output.with_name(output.name.replace(TRIAL, str(trial)))


def write_recipe(options: Options, space: Space, outcome: Outcome) -> str:
    """Write the recipe of a trial, and return the name of the file."""
    assert options.output
    path = insert_trial(options.output, outcome.trial) if options.pareto else options.output
    back_up_replaced(path, quiet=options.quiet)
    save_recipe(path, space.customise(outcome.settings))
    return str(path)


def write_plots(options: Options, outcomes: list[Outcome], importances: dict[str, float]) -> None:
    """Write the plots, and say which, or why not."""
    from mnistmlp.cli.evaluate.plots import write_files
    from mnistmlp.report.search import draw_search_plot

    facts = _collect_facts(outcomes, importances, options.pareto)
    plots = {name: partial(draw_search_plot, name, facts) for name in _list_plots(options.pareto)}
    assert options.plots
    write_files(options.plots, plots, quiet=options.quiet)


def _list_plots(cost: Cost | None) -> list[str]:
    from mnistmlp.report.search import SEARCH_PLOTS

    return [name for name in SEARCH_PLOTS if cost or name != "front"]


def _collect_facts(
    outcomes: list[Outcome], importances: dict[str, float], cost: Cost | None
) -> SearchFacts:
    """Return what is drawn of a search."""
    from mnistmlp.report.search import SearchFacts
    from mnistmlp.tuning.search import ENOUGH

    trained = {each.trial: each.accuracy for each in outcomes if each.accuracy is not None}
    early = {each.trial: each.last for each in outcomes if each.trial not in trained}

    def pair(some: list[Outcome]) -> list[tuple[float, float]]:
        return [(each.cost(cost), trained[each.trial]) for each in some] if cost else []

    return SearchFacts(
        trained=trained,
        early={trial: last for trial, last in early.items() if last is not None},
        importances=importances,
        enough=ENOUGH,
        cost={"seconds": "seconds of training", None: ""}.get(cost, str(cost)),
        trials=pair([each for each in outcomes if each.trial in trained]),
        front=pair(find_front(outcomes, cost)) if cost else [],
    )
