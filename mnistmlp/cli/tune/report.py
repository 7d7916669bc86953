"""What `tune` reports: each trial, and the best at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from mnistmlp.cli import console
from mnistmlp.cli.recipes.table import spell_value

if TYPE_CHECKING:
    from mnistmlp.cli.tune.options import Options
    from mnistmlp.training.recipes import Recipe
    from mnistmlp.tuning.search import Outcome, Plan

WIDTH = 78  # columns of the lines that are wrapped


def format_outcome(outcome: Outcome, trials: int) -> str:
    """Return what came of a trial as a line of less than 80 columns."""
    place = f"trial {outcome.trial:{len(str(trials))}}/{trials}"
    if outcome.accuracy is None:
        return f"{place}  ended early: {outcome.reason}"[:79]
    return f"{place}  validation {outcome.accuracy:.2%}  {outcome.seconds:.1f} s"


def format_settings(settings: Mapping[str, Any]) -> list[str]:
    """Return settings as indented lines of less than 80 columns."""
    words = [f"{name.replace('_', ' ')} {spell_value(each)}" for name, each in settings.items()]
    return wrap(
        ", ".join(words), WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )


def summarise(
    plan: Plan, outcomes: list[Outcome], best: Outcome, importances: Mapping[str, float]
) -> None:
    """Say on stderr what was searched, and what was found."""
    trained = sum(each.accuracy is not None for each in outcomes)
    ended = len(outcomes) - trained
    early = f", {ended} ended early" if ended else ""
    console.note(f"{len(outcomes)} trials{early}; the first is the recipe itself")
    first = outcomes[0].accuracy
    against = f" ({first:.2%} in the first)" if first is not None and best.trial != 1 else ""
    console.note(f"best: trial {best.trial}, validation accuracy {best.accuracy:.2%}{against}")
    for line in format_settings(best.settings):
        console.note(line)
    if importances:
        shares = {name: f"{share:.0%}" for name, share in importances.items()}
        console.note("importance of each setting:")
        for line in format_settings(shares):
            console.note(line)
    console.note(
        f"all with seed {plan.seed}: train the best with other seeds to see how good it is"
    )


def document(
    options: Options,
    recipe: Recipe,
    outcomes: list[Outcome],
    best: Outcome,
    importances: Mapping[str, float],
) -> str:
    """Return the result as JSON."""
    return json.dumps(
        {
            "output": options.output and str(options.output),
            "best": asdict(best),
            "recipe": asdict(recipe),
            "importances": importances,
            "trials": [asdict(each) for each in outcomes],
        }
    )
