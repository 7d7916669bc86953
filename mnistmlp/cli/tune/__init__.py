"""``mnistmlp tune``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnistmlp import blas
from mnistmlp.brains.recipe_file import format_toml
from mnistmlp.cli import console
from mnistmlp.cli.brains import load_named
from mnistmlp.cli.data import choose_dataset, open_dataset
from mnistmlp.cli.recipes.table import format_ranges, summarise_recipes
from mnistmlp.cli.settings import takes_options
from mnistmlp.cli.tune.options import Options
from mnistmlp.cli.tune.outputs import check_outputs, write_plots, write_recipe
from mnistmlp.cli.tune.plan import make_plan
from mnistmlp.cli.tune.progress import show_progress
from mnistmlp.cli.tune.report import document, format_front, summarise
from mnistmlp.errors import StudyError, needs_extra
from mnistmlp.tuning.outcomes import find_best, find_front

if TYPE_CHECKING:
    from mnistmlp.core.network import Network
    from mnistmlp.data.datasets import Dataset
    from mnistmlp.tuning.database import Database
    from mnistmlp.tuning.outcomes import Outcome
    from mnistmlp.tuning.search import Plan

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
    from mnistmlp.brains.train import complete

    init = load_named(options.init) if options.init else None
    plan, first = make_plan(options, init, options.threads or cores)
    database = _open_database(options)
    check_outputs(options, database.file)
    dataset = options.dataset
    if init and not (dataset or options.data_dir):
        dataset = choose_dataset(None, None, init, quiet=options.quiet)
    data = open_dataset(dataset, options.data_dir, "train", quiet=options.quiet)
    complete(first, data)  # or raise an error
    network = init.network if init else None
    _report(options, plan, *_search(options, plan, database, data, network))


def _open_database(options: Options) -> Database:
    from mnistmlp.tuning.database import Database

    return Database(options.storage)


def _search(
    options: Options, plan: Plan, database: Database, data: Dataset, network: Network | None
) -> tuple[list[Outcome], dict[str, float]]:
    """Work until all trials are done; return what came of them, and what was important."""
    from mnistmlp.data.synthetic import add_digits
    from mnistmlp.tuning.search import Search
    from mnistmlp.tuning.study import open_study

    quiet = options.quiet
    with open_study(database, options.study, plan, len(data.images), data.digests, _warn) as study:
        pair = add_digits(data.images, data.labels, plan.synthetic)
        search = Search(study, plan, *pair, initial_network=network, on_note=_warn)
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
    """Write or print the best settings, or those of the front."""
    best = find_best(outcomes)
    if not best:
        raise StudyError("no trial was trained to the end, so there is no best one")
    front = find_front(outcomes, plan.pareto) if plan.pareto else []
    table = format_front(front, plan.pareto, plan.space) if plan.pareto else ""
    if not options.quiet:
        summarise(plan, outcomes, importances)
        if table and (options.output or options.as_json):
            console.note(table)
    written = []
    if options.output:
        written = [write_recipe(options, plan.space, each) for each in front or [best]]
    if options.plots:
        write_plots(options, outcomes, importances)
    if options.as_json:
        print(document(options, plan, outcomes, importances, front, written))
    else:
        recipe = format_toml(plan.space.customise(best.settings)).rstrip()
        print("\n".join(written) or table or recipe)
