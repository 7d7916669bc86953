"""The plan of a `train` run, from its options and the file of --resume or --like."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from mnistmlp.cli import console
from mnistmlp.cli.brains import DEFAULT_BRAIN, brain_file, load_named
from mnistmlp.cli.data import choose_dataset
from mnistmlp.cli.train.checkpoints import SUFFIX, checkpoint_path
from mnistmlp.data.catalog import DatasetName
from mnistmlp.errors import BrainError, DataError, SettingError
from mnistmlp.training.recipes import RECIPES, SETTINGS
from mnistmlp.training.settings import spell

if TYPE_CHECKING:
    from mnistmlp.brains.brain import Brain
    from mnistmlp.brains.provenance import Provenance
    from mnistmlp.cli.train.options import Options
    from mnistmlp.core.network import Network
    from mnistmlp.data.datasets import Dataset
    from mnistmlp.training.state import TrainingState

NOT_ON_A_CLUSTER = {
    "jobs": "every thread of a worker trains a brain",
    "log": "a worker reports its epochs only when its brain is ready",
    "tensorboard": "a worker reports its epochs only when its brain is ready",
    "checkpoint_every": "if a worker is lost, its brain is trained again from the first epoch",
}


@dataclass(frozen=True)
class Plan:
    """What a run of `train` is to do."""

    provenance: Provenance  # without the data set, if the run is new
    output: Path
    initial_network: Network | None = None
    source: Path | None = None  # the file of --resume or --like
    state: TrainingState | None = None  # to resume from
    like: Brain | None = None  # to train again
    until: int | None = None  # last epoch of the run of --like

    @property
    def files(self) -> list[tuple[str, Path]]:
        """The brain file and the checkpoints that the run writes or removes, with an option."""
        files = [("output", self.output), ("output", checkpoint_path(self.output))]
        return [*files, ("resume", self.source)] if self.state and self.source else files

    def complete(self, data: Dataset) -> Provenance:
        """Return the provenance of a brain trained on this data set and machine.

        Raises
        ------
        SettingError
            If there are too few images for the recipe.
        DataError
            If the data set is not that of the run of --resume or --like, or too small for it.
        """
        from mnistmlp.brains.train import complete

        try:
            present = complete(self.provenance, data)
        except (DataError, SettingError) as error:
            if self.source:
                raise DataError(f"{self.source}: {error}") from None
            raise
        if self.source:
            self._warn(present)
        return present

    def compare(self, *, quiet: bool) -> bool | None:
        """Tell whether the output has the weights of the brain of --like, and say so."""
        from mnistmlp.brains.brain import load_brain

        if not self.like:
            return None
        trained, original = load_brain(self.output).network, self.like.network
        same = trained.parameters.tobytes() == original.parameters.tobytes()
        if not quiet:
            message = f"the weights {'equal' if same else 'differ from'} those of {self.source}"
            console.note(console.escape(message))
        return same

    def _warn(self, present: Provenance) -> None:
        """Warn of differences that may change the last bits."""
        from mnistmlp.brains.train import describe_changes

        for change in describe_changes(self.provenance, present):
            console.note(f"warning: {console.escape(f'{self.source}: {change}')}")


# --- Making a plan -----------------------------------------------------------


def make_plan(options: Options) -> Plan:
    """Make a plan from the options and the files that they name.

    Raises
    ------
    SettingError
        If options contradict each other, or the run of --resume or --like.
    """
    from mnistmlp.brains.brain import load_brain
    from mnistmlp.brains.provenance import parameter_digest
    from mnistmlp.brains.recipe_file import named_recipe
    from mnistmlp.brains.train import choose_recipe, plan_run

    _check_seeds(options)
    init = load_brain(brain_file(options.init)) if options.init else None
    network = init.network if init else None
    if options.resume and options.like:
        raise SettingError("resume", "cannot be used with --like")
    if options.resume:
        plan = _plan_resume(options.resume)
    elif options.like:
        plan = _plan_like(options.like)
    else:
        seed = options.seeds.start if options.seeds else options.seed
        named = named_recipe(options.recipe) if options.recipe is not None else None
        recipe = choose_recipe(named, init, options.settings)
        given = {name: getattr(options, name) for name in ("synthetic", "prune", "half")}
        provenance = plan_run(recipe, seed, init=init, **given)
        return Plan(provenance, insert_seed(options.output, seed), network)
    _check_options(options, plan)
    initial_digest = parameter_digest(network.parameters) if network else None
    if initial_digest != plan.provenance.initial and (initial_digest or plan.like):
        origin = "another brain" if plan.provenance.initial else "random weights"
        raise SettingError("init", f"{plan.source} started from {origin}")
    if "output" in options.given:
        plan = replace(plan, output=insert_seed(options.output, plan.provenance.seed))
    return replace(plan, initial_network=network)


def _plan_resume(path: Path) -> Plan:
    """Plan to resume from a checkpoint."""
    from mnistmlp.brains.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(path)
    output = path.with_suffix("") if path.suffix == SUFFIX else DEFAULT_BRAIN
    return Plan(checkpoint.provenance, output, source=path, state=checkpoint.state)


def _plan_like(name: Path) -> Plan:
    """Plan to train a brain again."""
    from mnistmlp.brains.brain import load_brain
    from mnistmlp.brains.provenance import Provenance

    path = brain_file(name)
    brain = load_brain(path)
    if not brain.meta or not brain.meta.history:
        raise BrainError(f"{path}: has no record of its training")
    try:
        provenance = Provenance.parse(brain.meta.raw)
    except SettingError as error:
        raise BrainError(f"{path}: {error}") from None
    if provenance.recipe.sizes != brain.network.sizes:
        raise BrainError(f"{path}: its layers differ from those of its recipe")
    if provenance.recipe.normalization != brain.network.normalization:
        raise BrainError(f"{path}: its normalization differs from that of its recipe")
    output = Path(name.stem + ".again.npz")
    until = min(len(brain.meta.history), provenance.recipe.epochs)
    return Plan(provenance, output, source=path, like=brain, until=until)


def _check_options(options: Options, plan: Plan) -> None:
    """Raise SettingError if an option that is given contradicts the file."""
    past = plan.provenance
    if options.recipe is not None:
        _check_recipe(options.recipe, options, plan)
    recorded = asdict(past.recipe)
    recorded |= {name: getattr(past, name) for name in ("seed", "synthetic", "prune", "half")}
    for name in (each for each in recorded if each in options.given):
        asked = options.settings[name] if name in SETTINGS else getattr(options, name)
        if asked != recorded[name]:
            had = f"{plan.source} has {spell(recorded[name])}"
            raise SettingError(name, f"{had}, not {spell(asked)}")


def _check_recipe(recipe: str, options: Options, plan: Plan) -> None:
    """Raise SettingError if --recipe names another recipe than the file's, or one with others."""
    from mnistmlp.brains.recipe_file import named_recipe

    past = plan.provenance.recipe
    named = named_recipe(recipe)
    if isinstance(named, str):
        if named != past.name:
            raise SettingError("recipe", f"{plan.source} has {past.name}, not {named}")
        return
    for name in (each for each in SETTINGS if each not in options.settings):
        was, wanted = getattr(past, name), getattr(named, name)
        if was != wanted:
            word = name.replace("_", " ")
            had = f"{plan.source} has {word} {spell(was)}"
            raise SettingError("recipe", f"{had}, not {spell(wanted)} as in {recipe}")


def _check_seeds(options: Options) -> None:
    """Raise SettingError if options of a committee and of a single run are mixed."""
    if not options.seeds:
        for name in ("jobs", "scheduler"):
            if name in options.given:
                raise SettingError(name, "needs --seeds")
        return
    for name in ("seed", "resume", "like"):
        if name in options.given:
            raise SettingError(name, "cannot be used with --seeds")
    for name, reason in NOT_ON_A_CLUSTER.items():
        if options.scheduler and name in options.given:
            raise SettingError(name, f"cannot be used with --scheduler: {reason}")


def find_dataset(options: Options, planned: Provenance) -> DatasetName | None:
    """Return the data set that is asked for, or else that of the brain or run to continue."""
    if options.dataset or options.data_dir:
        return options.dataset
    before = planned.dataset.get("name")  # of --resume or --like
    known: list[DatasetName] = [name for name in get_args(DatasetName) if name == before]
    if known:
        return known[0]
    init = load_named(options.init, warn=False) if options.init else None
    return choose_dataset(None, None, init, quiet=options.quiet) if init else None


def announce_rate(plan: Plan, options: Options) -> None:
    """Say that the learning rate is not the recipe's, if nobody has asked for another."""
    recipe = plan.provenance.recipe
    usual = RECIPES[recipe.name].learning_rate if recipe.name in RECIPES else recipe.learning_rate
    given = plan.source or "learning_rate" in options.settings
    if not (given or options.quiet or recipe.learning_rate == usual):
        console.note(
            f"learning rate {recipe.learning_rate:g}, to suit these settings, instead of "
            f"{recipe.name}'s {usual:g}"
        )


def insert_seed(name: Path, seed: int) -> Path:
    """Return a path with the seed in place of ``{seed}``."""
    return Path(str(name).replace("{seed}", str(seed)))
