"""``mnistmlp tune``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnistmlp import blas
from mnistmlp.brains.recipe_file import format_toml, named_recipe, save_recipe
from mnistmlp.cli import console
from mnistmlp.cli.data import open_dataset
from mnistmlp.cli.options import back_up_replaced
from mnistmlp.cli.recipes import check_recipe_file
from mnistmlp.cli.recipes.table import format_ranges, summarise_recipes
from mnistmlp.cli.settings import takes_options
from mnistmlp.cli.tune.options import Options
from mnistmlp.cli.tune.progress import show_progress
from mnistmlp.cli.tune.report import document, summarise
from mnistmlp.errors import StudyError, needs_extra

if TYPE_CHECKING:
    from mnistmlp.data.datasets import Dataset
    from mnistmlp.tuning.database import Database
    from mnistmlp.tuning.search import Outcome, Plan

TABLES = {"Searched by default": format_ranges, "Recipes": summarise_recipes}
EXAMPLES = (
    (
        "Search for better settings of a recipe, and train with them",
        "mnistmlp tune --recipe modern --trials 20 -o tuned.toml\n"
        "mnistmlp train --recipe tuned.toml",
    ),
    (
        "Search the layers and the learning rate alone, in short runs",
        "mnistmlp tune --search 'hidden=64|128|256,learning_rate' --epochs 5",
    ),
)


@takes_options(Options)
def tune(options: Options) -> None:
    """Search for better settings of a recipe.

    The best settings are printed, or written to a recipe file. Settings given as options
    stay fixed. Trials are compared by their accuracy on the validation images; the test set
    is never used. The study is kept in a database: run the same command again to continue
    it, or run it on several machines to share it. Needs the extra `tune`.
    """
    cores = blas.configure()
    with needs_extra("tune"):
        import mnistmlp.tuning.study  # noqa: F401 - what needs the extra, before any work
    plan = _make_plan(options, options.threads or cores)
    if options.output:
        check_recipe_file("output", options.output, force=options.force)
    database = _open_database(options)
    data = open_dataset(options.dataset, options.data_dir, "train", quiet=options.quiet)
    _report(options, plan, *_search(options, plan, database, data))


def _make_plan(options: Options, threads: int) -> Plan:
    """Return what is to be searched."""
    from mnistmlp.tuning.search import Plan
    from mnistmlp.tuning.space import make_space

    recipe = named_recipe("classic" if options.recipe is None else options.recipe)
    return Plan(
        make_space(recipe, options.settings, options.search),
        options.trials,
        seed=options.seed,
        sampler=options.sampler,
        pruner=options.pruner,
        max_seconds=options.max_seconds,
        max_parameters=options.max_parameters,
        threads=threads,
    )


def _open_database(options: Options) -> Database:
    from mnistmlp.tuning.database import Database

    return Database(options.storage)


def _search(
    options: Options, plan: Plan, database: Database, data: Dataset
) -> tuple[list[Outcome], dict[str, float]]:
    """Work until all trials are done; return what came of them, and what was important."""
    from mnistmlp.tuning.search import Search
    from mnistmlp.tuning.study import open_study

    quiet = options.quiet
    with open_study(database, options.study, plan, len(data.images), data.digests, _warn) as study:
        search = Search(study, plan, data.images, data.labels, on_note=_warn)
        with show_progress(plan, search.outcomes(), quiet=quiet) as shown:
            search.on_trial, search.on_step, search.on_wait = shown
            try:
                search.run()
            except KeyboardInterrupt:
                if not quiet:
                    where = console.escape(str(database))
                    console.note(f"run the same command again to continue the study in {where}")
                raise
        return search.outcomes(), search.importances()


def _warn(text: str) -> None:
    console.note(f"warning: {console.escape(text)}")


def _report(
    options: Options, plan: Plan, outcomes: list[Outcome], importances: dict[str, float]
) -> None:
    """Write or print the best settings."""
    from mnistmlp.tuning.search import find_best

    best = find_best(outcomes)
    if not best:
        raise StudyError("no trial was trained to the end, so there is no best one")
    if not options.quiet:
        summarise(plan, outcomes, best, importances)
    recipe = plan.space.customise(best.settings)
    if options.output:
        back_up_replaced(options.output, quiet=options.quiet)
        save_recipe(options.output, recipe)
    if options.as_json:
        print(document(options, recipe, outcomes, best, importances))
    else:
        print(options.output or format_toml(recipe).rstrip())
