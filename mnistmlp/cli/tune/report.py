"""What `tune` reports: each trial, and the best at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from mnistmlp.cli import console
from mnistmlp.cli.recipes.table import spell_value
from mnistmlp.tuning.outcomes import find_best

if TYPE_CHECKING:
    from mnistmlp.cli.tune.options import Options
    from mnistmlp.tuning.outcomes import Cost, Outcome
    from mnistmlp.tuning.search import Plan
    from mnistmlp.tuning.space import Space

WIDTH = 78  # columns of the lines that are wrapped


def format_outcome(outcome: Outcome, trials: int, cost: Cost | None = None) -> str:
    """Return what came of a trial as a line of less than 80 columns."""
    place = f"trial {outcome.trial:{len(str(trials))}}/{trials}"
    if outcome.accuracy is None:
        return f"{place}  ended early: {outcome.reason}"[:79]
    parameters = f"  {outcome.parameters:,} parameters" if cost == "parameters" else ""
    return f"{place}  validation {outcome.accuracy:.2%}  {outcome.seconds:.1f} s{parameters}"


def format_settings(settings: Mapping[str, Any], indent: str = "  ") -> list[str]:
    """Return settings as indented lines of less than 80 columns."""
    words = [f"{name.replace('_', ' ')} {spell_value(each)}" for name, each in settings.items()]
    return wrap(
        ", ".join(words),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def summarise(plan: Plan, outcomes: list[Outcome], importances: Mapping[str, float]) -> None:
    """Say on stderr what was searched, and what was found."""
    trained = sum(each.accuracy is not None for each in outcomes)
    ended = len(outcomes) - trained
    early = f", {ended} ended early" if ended else ""
    first, best = outcomes[0], find_best(outcomes)
    assert best
    is_recipe = not _find_changes(first, plan.space)
    itself = "; the first is the recipe itself" if is_recipe else ""
    count = "1 trial" if len(outcomes) == 1 else f"{len(outcomes)} trials"
    console.note(f"{count}{early}{itself}")
    compares = is_recipe and first.accuracy is not None and best.trial != 1
    against = f" ({first.accuracy:.2%} in the first)" if compares else ""
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


def format_front(front: Sequence[Outcome], cost: Cost, space: Space) -> str:
    """Return a Pareto front as a table of less than 80 columns, by rising cost."""
    lines = [f"{cost:>10}  validation  trial  changed settings"]
    for each in front:
        spent = f"{each.seconds:.2f}" if cost == "seconds" else f"{each.parameters:,}"
        start = f"{spent:>10}  {each.accuracy:>10.2%}  {each.trial:5}  "
        changed = _find_changes(each, space)
        words = format_settings(changed, " " * len(start)) or [f"{'':{len(start)}}none"]
        lines += [start + words[0].lstrip(), *words[1:]]
    return "\n".join(lines)


def _find_changes(outcome: Outcome, space: Space) -> dict[str, Any]:
    """Return the settings of a trial that are not the recipe's own."""
    own = space.restore(space.first)  # without those that are not in the space
    found = outcome.settings.items()
    return {name: value for name, value in found if name not in own or value != own[name]}


def document(
    options: Options,
    plan: Plan,
    outcomes: list[Outcome],
    importances: Mapping[str, float],
    front: list[Outcome],
    written: list[str],
) -> str:
    """Return the result as JSON."""
    best = find_best(outcomes)
    assert best
    found = {
        "output": options.output and str(options.output),
        "best": asdict(best),
        "recipe": asdict(plan.space.customise(best.settings)),
        "importances": importances,
        "trials": [asdict(each) for each in outcomes],
    }
    if plan.pareto:
        found["front"] = [
            asdict(each) | {"output": output, "recipe": asdict(plan.space.customise(each.settings))}
            for each, output in zip_longest(front, written)
        ]
    return json.dumps(found)
