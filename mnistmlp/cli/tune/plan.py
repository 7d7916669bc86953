"""The plan of a search, from its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnistmlp.brains.recipe_file import named_recipe
from mnistmlp.errors import SettingError

if TYPE_CHECKING:
    from mnistmlp.brains.brain import Brain
    from mnistmlp.brains.provenance import Provenance
    from mnistmlp.cli.tune.options import Options
    from mnistmlp.tuning.search import Plan
    from mnistmlp.tuning.space import Space


def make_plan(options: Options, init: Brain | None, threads: int) -> tuple[Plan, Provenance]:
    """Return what is to be searched, and the provenance of the first trial."""
    from mnistmlp.brains.train import plan_run
    from mnistmlp.tuning.search import Plan

    pruner = options.pruner or ("none" if options.pareto else "median")
    if options.pareto and pruner != "none":
        message = "cannot be used with --pareto, which trains every trial to its end"
        raise SettingError("pruner", message)
    space = _make_space(options, init)
    fixed = {name: getattr(options, name) for name in ("synthetic", "prune", "half")}
    provenance = plan_run(space.base, options.seed, init=init, **fixed)
    if options.synthetic and "limit" in space.dimensions:
        raise SettingError("synthetic", "cannot be used with limit")
    plan = Plan(
        space,
        options.trials,
        seed=options.seed,
        sampler=options.sampler,
        pruner=pruner,
        pareto=options.pareto,
        max_seconds=options.max_seconds,
        max_parameters=options.max_parameters,
        initial=provenance.initial,
        threads=threads,
        **fixed,
    )
    return plan, provenance


def _make_space(options: Options, init: Brain | None) -> Space:
    """Return what is searched; not the layers of an initial brain, which are not made anew."""
    from mnistmlp.brains.train import add_settings_of
    from mnistmlp.training.learning_rates import customise
    from mnistmlp.training.setup import check_network
    from mnistmlp.tuning.space import make_space

    named = named_recipe(options.recipe) if options.recipe is not None else None
    recipe, settings = add_settings_of(init, named, options.settings)
    if init:
        base = customise(recipe, settings)
        check_network(base, init.network)
        settings = {"hidden": base.hidden, "receptive_field": base.receptive_field, **settings}
    return make_space(recipe, settings, options.search)
