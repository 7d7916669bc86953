"""What a run of `train` is to do: from its options, and from the file of --resume or --like."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistmlp import blas
from mnistmlp.atomic import check_writable
from mnistmlp.cli import console
from mnistmlp.cli.brains import DEFAULT, brain_file
from mnistmlp.cli.options import check_apart, check_target
from mnistmlp.cli.train.checkpoints import SUFFIX, checkpoint_of
from mnistmlp.errors import BrainError, DataError, SettingError
from mnistmlp.training.recipes import RECIPES, SETTINGS, Recipe, find_recipe
from mnistmlp.training.settings import spell

if TYPE_CHECKING:
    from mnistmlp.brains.brain import Brain
    from mnistmlp.brains.provenance import Provenance
    from mnistmlp.cli.train.options import Options
    from mnistmlp.core.network import Network
    from mnistmlp.data.datasets import Dataset
    from mnistmlp.training.state import TrainingState


@dataclass(frozen=True)
class Plan:
    """A run of `train`."""

    provenance: Provenance  # without the data, where the run is a new one
    output: Path
    initial_network: Network | None = None
    source: Path | None = None  # the file of --resume or --like
    state: TrainingState | None = None  # of --resume, to go on from
    like: Brain | None = None
    until: int | None = None  # the epoch after which a run like that one ends

    def complete(self, data: Dataset, facts: dict[str, Any]) -> Provenance:
        """Return the provenance of a brain trained on these data, by this machine.

        Raises
        ------
        SettingError
            If there are too few images for the recipe.
        DataError
            If the run that this one is to be like had other data.
        """
        from mnistmlp.brains.provenance import versions
        from mnistmlp.training.setup import check_image_count

        past = self.provenance
        try:
            check_image_count(past.recipe, len(data.images))
        except SettingError as error:
            if self.source:
                raise DataError(f"{self.source}: {error}") from None
            raise
        digests = past.dataset.get("digests", {})
        if self.source and digests != data.digests:
            different = [name for name in data.digests if data.digests[name] != digests.get(name)]
            names = " and ".join(different)
            raise DataError(f"{self.source}: was trained on other data, by the digest of {names}")
        library = {"blas": f"{facts['blas']} {facts['kernels'] or ''}".rstrip()}
        here = replace(
            past,
            dataset={"name": data.name, "digests": data.digests},
            threads=facts["threads"],
            versions=versions() | library,
        )
        if self.source:
            self._warn(here)
        return here

    def threads(self, chosen_by_us: bool) -> int | None:
        """Return how many threads the run that this is like had, or how many suit the network."""
        recipe = self.provenance.recipe
        if self.provenance.threads or not chosen_by_us:
            return self.provenance.threads
        return blas.suitable_threads(recipe.sizes, recipe.batch_size)

    def compare(self, *, quiet: bool) -> bool | None:
        """Say whether the output has the weights of the brain it was to be like, if any."""
        from mnistmlp.brains.brain import load_brain

        if not self.like:
            return None
        here, there = load_brain(self.output).network, self.like.network
        same = here.parameters.tobytes() == there.parameters.tobytes()
        if not quiet:
            told = f"the weights are {'' if same else 'not '}those of {self.source}"
            console.note(console.one_line(told))
        return same

    def _warn(self, here: Provenance) -> None:
        """Say what may change the last bits."""
        there = self.provenance
        pairs: dict[str, tuple[Any, Any]] = {"threads": (there.threads, here.threads)}
        pairs |= {name: (there.versions.get(name), new) for name, new in here.versions.items()}
        for name, (then, now) in pairs.items():
            if then is not None and then != now:
                told = f"{self.source}: {name} {then} then, {now} now: the last bits may differ"
                console.note(f"warning: {console.one_line(told)}")


# --- Making a plan -----------------------------------------------------------


def make_plan(options: Options) -> Plan:
    """Read the files that the options name, and settle what they leave open.

    Raises
    ------
    SettingError
        If an option says otherwise than the run that is to be gone on with.
    """
    from mnistmlp.brains.brain import load_brain
    from mnistmlp.brains.provenance import Provenance, digest
    from mnistmlp.training.setup import check_network

    _check_seeds(options)
    initial = load_brain(brain_file(options.init)) if options.init else None
    start = digest(initial.network.parameters) if initial else None
    network = initial.network if initial else None
    if options.resume and options.like:
        raise SettingError("resume", "does not go with --like")
    if options.resume:
        plan = _plan_resume(options.resume)
    elif options.like:
        plan = _plan_like(options.like)
    else:
        seed = options.seeds.start if options.seeds else options.seed
        recipe = _choose_recipe(initial, options)
        check_network(recipe, network)
        provenance = Provenance(recipe, seed, initial=start, prune=options.prune, half=options.half)
        return Plan(provenance, for_seed(options.output, seed), network)
    _check_options(options, plan)
    if start != plan.provenance.initial and (start or plan.like):
        from_what = "another brain" if plan.provenance.initial else "random weights"
        raise SettingError("init", f"{plan.source} started from {from_what}")
    if "output" in options.given:
        plan = replace(plan, output=for_seed(options.output, plan.provenance.seed))
    return replace(plan, initial_network=network)


def _choose_recipe(initial: Brain | None, options: Options) -> Recipe:
    """Return the recipe with what the initial brain and then the options say instead.

    An option of the warp turns augmentation on, unless that is said too.
    """
    settings, name = dict(options.settings), options.recipe
    if any(SETTINGS[each].warp for each in settings):
        settings.setdefault("augment", True)
    if initial:
        network = initial.network
        if name is None and initial.meta and initial.meta.recipe_name in RECIPES:
            name = initial.meta.recipe_name
        settings = {
            "hidden": network.sizes[1:-1],
            "activation": network.activation,
            "loss": network.loss,
            "dtype": network.parameters.dtype.name,
        } | settings
    return replace(find_recipe("classic" if name is None else name), **settings)


def _plan_resume(path: Path) -> Plan:
    """Plan to go on from a checkpoint."""
    from mnistmlp.brains.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(path)
    output = path.with_suffix("") if path.suffix == SUFFIX else DEFAULT
    return Plan(checkpoint.provenance, output, source=path, state=checkpoint.state)


def _plan_like(name: Path) -> Plan:
    """Plan to train a brain again."""
    from mnistmlp.brains.brain import load_brain
    from mnistmlp.brains.provenance import Provenance

    path = brain_file(name)
    brain = load_brain(path)
    if not brain.meta or not brain.meta.history:
        raise BrainError(f"{path}: does not say how to train it again")
    try:
        provenance = Provenance.parse(brain.meta.raw)
    except SettingError as error:
        raise BrainError(f"{path}: {error}") from None
    if provenance.recipe.sizes != brain.network.sizes:
        raise BrainError(f"{path}: has other layers than its recipe")
    output = Path(name.stem + ".again.npz")
    until = min(len(brain.meta.history), provenance.recipe.epochs)
    return Plan(provenance, output, source=path, like=brain, until=until)


def _check_options(options: Options, plan: Plan) -> None:
    """Raise SettingError if an option is given that says otherwise than the file."""
    past = plan.provenance
    recorded = asdict(past.recipe) | {"recipe": past.recipe.name}
    recorded |= {name: getattr(past, name) for name in ("seed", "prune", "half")}
    for name in recorded.keys() & options.given.keys():
        asked = options.settings[name] if name in SETTINGS else getattr(options, name)
        if asked != recorded[name]:
            had = f"{plan.source} has {spell(recorded[name])}"
            raise SettingError(name, f"{had}, not {spell(asked)}")


def _check_seeds(options: Options) -> None:
    """Raise SettingError if options of a committee and of a single run are mixed."""
    if not options.seeds:
        if "jobs" in options.given:
            raise SettingError("jobs", "is for --seeds")
        return
    for name in ("seed", "resume", "like"):
        if name in options.given:
            raise SettingError(name, "does not go with --seeds")


# --- The files that it writes ------------------------------------------------


def for_seed(name: Path, seed: int) -> Path:
    """Return the name of a file with the seed in the place of ``{seed}``."""
    return Path(str(name).replace("{seed}", str(seed)))


def check_files(plan: Plan, options: Options) -> None:
    """Raise SettingError if `train` could not write a file, or would lose one that it reads.

    A brain may take the place of the one of --init, unless other members of a
    committee are to start from that, and a checkpoint of the one gone on from.
    """
    output = plan.output
    check_target("output", output)
    checkpoint = checkpoint_of(output)
    initial = {"--init": brain_file(options.init)} if options.init else {}
    source = {"--resume" if options.resume else "--like": plan.source} if plan.source else {}
    check_apart("output", output, source)
    check_apart("output", checkpoint, initial if options.resume else initial | source)
    for seed in options.seeds or ():
        check_apart("output", for_seed(options.output, seed), initial)
    if options.log:
        log = for_seed(options.log, plan.provenance.seed)
        _check_log(log)
        others = {"--output": output, "the checkpoint": checkpoint}
        check_apart("log", log, others | initial | source)


def _check_log(path: Path) -> None:
    """Raise SettingError if `path` could not be written to; a file there stays as it is."""
    try:
        if path.is_file():
            path.open("ab").close()
        elif path.is_dir() or not path.exists():  # else a pipe, which closing would end
            check_writable(path)
    except OSError as error:
        raise SettingError("log", f"{error.filename}: {error.strerror}") from None
