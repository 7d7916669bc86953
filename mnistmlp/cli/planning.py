"""Plans for `train`: from its options, and from the file of --resume or --like."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import typer

from mnistmlp.cli.brains import DEFAULT, brain_file
from mnistmlp.cli.checkpoints import SUFFIX
from mnistmlp.cli.options import for_seed
from mnistmlp.cli.plan import Plan
from mnistmlp.cli.settings import resolve
from mnistmlp.errors import BrainError, SettingError
from mnistmlp.recipes import parse_hidden, spell


def make_plan(context: typer.Context) -> Plan:
    """Read the options of `train`, and the files that they name.

    Raises
    ------
    SettingError
        If an option says otherwise than the run that is to be gone on with.
    """
    from mnistmlp.brain import load_brain
    from mnistmlp.provenance import Provenance, digest
    from mnistmlp.training import check_network

    params = context.params
    _check_seeds(context)
    initial = load_brain(brain_file(params["init"])) if params["init"] else None
    start = digest(initial.network.parameters) if initial else None
    network = initial.network if initial else None
    if not (params["resume"] or params["like"]):
        seed = params["seeds"].start if params["seeds"] else params["seed"]
        output = for_seed(params["output"], seed)
        made = {name: params[name] for name in ("prune", "half")}
        recipe = resolve(initial, params)
        check_network(recipe, network)
        return Plan(Provenance(recipe, seed, initial=start, **made), output, network)
    if params["resume"] and params["like"]:
        raise SettingError("resume", "does not go with --like")
    plan = _resume(params["resume"]) if params["resume"] else _like(params["like"])
    _check_options(context, plan)
    if start != plan.provenance.initial and (start or plan.like):
        from_what = "another brain" if plan.provenance.initial else "random weights"
        raise SettingError("init", f"{plan.source} started from {from_what}")
    if _is_given(context, "output"):
        plan = replace(plan, output=for_seed(params["output"], plan.provenance.seed))
    return replace(plan, initial=network)


def _resume(path: Path) -> Plan:
    """Plan to go on from a checkpoint."""
    from mnistmlp.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(path)
    output = path.with_suffix("") if path.suffix == SUFFIX else DEFAULT
    return Plan(checkpoint.provenance, output, source=path, resume=checkpoint.state)


def _like(name: Path) -> Plan:
    """Plan to train a brain again."""
    from mnistmlp.brain import load_brain
    from mnistmlp.provenance import Provenance
    from mnistmlp.training import network_sizes

    path = brain_file(name)
    brain = load_brain(path)
    if not brain.meta or not brain.meta["history"]:
        raise BrainError(f"{path}: does not say how to train it again")
    try:
        provenance = Provenance.parse(brain.meta)
    except SettingError as error:
        raise BrainError(f"{path}: {error}") from None
    if network_sizes(provenance.recipe) != brain.network.sizes:
        raise BrainError(f"{path}: has other layers than its recipe")
    output = Path(name.stem + ".again.npz")
    until = min(len(brain.meta["history"]), provenance.recipe.epochs)
    return Plan(provenance, output, source=path, like=brain, until=until)


def _check_options(context: typer.Context, plan: Plan) -> None:
    """Raise SettingError if an option is given that says otherwise than the file."""
    past = plan.provenance
    settings = asdict(past.recipe) | {"recipe": past.recipe.name}
    settings |= {"seed": past.seed, "prune": past.prune, "half": past.half}
    for name, value in settings.items():
        if name in context.params and _is_given(context, name):
            asked = context.params[name]
            if name == "hidden":
                asked = parse_hidden(asked)
            if asked != value:
                raise SettingError(name, f"{plan.source} has {spell(value)}, not {spell(asked)}")


def _check_seeds(context: typer.Context) -> None:
    """Raise SettingError if options of a committee and of a single run are mixed."""
    if not context.params["seeds"]:
        if _is_given(context, "jobs"):
            raise SettingError("jobs", "is for --seeds")
        return
    for name in ("seed", "resume", "like"):
        if _is_given(context, name):
            raise SettingError(name, "does not go with --seeds")


def _is_given(context: typer.Context, name: str) -> bool:
    """Tell whether an option stands on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
