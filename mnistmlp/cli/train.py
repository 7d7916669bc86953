"""``mnistmlp train``."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistmlp import blas
from mnistmlp.cli import console, options
from mnistmlp.cli.data import open_dataset
from mnistmlp.cli.interrupt import one_interrupt
from mnistmlp.cli.progress import epoch_log, epoch_progress, in_turn
from mnistmlp.recipes import RECIPES, Recipe, find_recipe, parse_hidden

if TYPE_CHECKING:
    from mnistmlp.brain import Brain
    from mnistmlp.training import Training


def train(
    context: typer.Context,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The brain file to write.")
    ] = Path("brain.npz"),
    recipe: options.RecipeName = None,
    hidden: options.Hidden = None,
    epochs: options.Epochs = None,
    learning_rate: options.LearningRate = None,
    batch_size: options.BatchSize = None,
    activation: options.Activation = None,
    loss: options.Loss = None,
    optimizer: options.Optimizer = None,
    schedule: options.Schedule = None,
    momentum: options.Momentum = None,
    weight_decay: options.WeightDecay = None,
    validation: options.Validation = None,
    patience: options.Patience = None,
    limit: options.Limit = None,
    shuffle: options.Shuffle = None,
    dtype: options.Dtype = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Of all that is random.")] = 0,
    init: options.Init = None,
    threads: options.Threads = None,
    dataset: options.DatasetName = "mnist",
    data_dir: options.DataDir = None,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a line of JSON an epoch here.")
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Train a network, save it, and print the path of the brain file.

    A recipe is a set of settings; each option given here overrides one of
    them.  Ctrl-C ends training early and saves what there is.
    """
    ours = blas.settle()
    from mnistmlp.brain import check_output, describe, load_brain, save_brain
    from mnistmlp.training import fit, network_sizes

    initial = load_brain(init) if init else None
    settings = _settings(initial, context.params)
    check_output(output)
    if threads is None and ours:
        threads = blas.suitable_threads(network_sizes(settings), settings.batch_size)
    with blas.limited_threads(threads), epoch_log(log) as record:
        data = open_dataset(data_dir, "train", quiet=quiet)
        origin = {"name": data.name, "digests": data.digests}
        started = time.perf_counter()
        with one_interrupt() as close, epoch_progress(settings.epochs, quiet) as draw:
            training = fit(
                settings,
                data.images,
                data.labels,
                seed=seed,
                initial=initial.network if initial else None,
                on_epoch=in_turn(record, draw),
            )
            close()
            meta = describe(training, settings, seed=seed, dataset=origin)
            save_brain(output, training.network, meta)
    seconds = time.perf_counter() - started
    if not quiet:
        _summarise(training, settings, data.name, seconds, output)
    print(_document(training, settings, seconds, output) if as_json else output)
    if training.interrupted:
        raise typer.Exit(130)


def _settings(initial: Brain | None, params: dict[str, Any]) -> Recipe:
    """Return the recipe with what the initial brain and then the options say instead.

    `params` has all options of the command by name: those of a recipe's fields count.
    """
    recipe = params["recipe"]
    given = {field.name: params.get(field.name) for field in fields(Recipe)}
    if given["hidden"] is not None:
        given["hidden"] = parse_hidden(given["hidden"])
    settings = {name: value for name, value in given.items() if value is not None}
    if initial:
        network = initial.network
        named = str((initial.meta or {}).get("recipe", {}).get("name"))
        if recipe is None and named in RECIPES:
            recipe = named
        settings = {
            "hidden": network.sizes[1:-1],
            "activation": network.activation,
            "loss": network.loss,
            "dtype": network.parameters.dtype.name,
        } | settings
    return replace(find_recipe("classic" if recipe is None else recipe), **settings)


def _summarise(
    training: Training, settings: Recipe, data: str, seconds: float, output: Path
) -> None:
    """Say on stderr what was trained, and how well it did."""
    network, kept, ran = training.network, training.kept, len(training.history)
    layers = "-".join(map(str, network.sizes))
    console.note(
        f"{settings.name}: {layers}, {network.parameters.size:,} parameters, on {data}, "
        f"{ran} epoch{'' if ran == 1 else 's'} in {seconds:.1f} s"
    )
    if training.interrupted:
        moment = f"epoch {kept.epoch}" if kept else "that moment"
        console.note(f"interrupted in epoch {ran + 1}: the weights are those of {moment}")
    if kept and kept.validation_accuracy is not None:
        console.note(f"validation accuracy {kept.validation_accuracy:.2%} (epoch {kept.epoch})")
    console.note(f"saved {console.one_line(str(output))}")


def _document(training: Training, settings: Recipe, seconds: float, output: Path) -> str:
    network, kept = training.network, training.kept
    return json.dumps(
        {
            "output": str(output),
            "recipe": settings.name,
            "sizes": network.sizes,
            "parameters": network.parameters.size,
            "epochs": kept.epoch if kept else 0,
            "seconds": round(seconds, 3),
            "validation_accuracy": kept.validation_accuracy if kept else None,
            "history": [asdict(report) for report in training.history],
        }
    )
