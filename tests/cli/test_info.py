import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

import pytest

from mnistmlp.brains.brain import Brain, load_brain
from mnistmlp.brains.meta import describe_network
from mnistmlp.core.network import Network
from mnistmlp.exchange.safetensors import export_safetensors
from mnistmlp.training.recipes import DEFAULTS, MODERN, SETTINGS
from mnistmlp.training.settings import spell
from tests.brains.test_brain import make_older
from tests.cli.conftest import Run, Start
from tests.conftest import save_brain


def test_a_table(run: Run, brain: Path) -> None:
    result = run("info", brain)
    facts = dict(rows_of(run, brain))
    assert (facts["sizes"], facts["activation"], facts["loss"]) == (
        "784-24-10",
        "relu",
        "cross-entropy",
    )
    assert (facts["recipe"], facts["seed"], facts["epochs"]) == ("modern", "0", "8")
    accuracy = load_brain(brain).meta.validation_accuracy  # type: ignore[union-attr]
    assert f"\n  validation accuracy  {accuracy:.2%}\n" in result.stdout
    assert "hidden" not in facts  # as the sizes have it


def write_brain(recipe: dict[str, Any], **more: Any) -> None:
    """Write a brain file whose `meta` has these settings, and more."""
    settings: dict[str, Any] = DEFAULTS | recipe
    sizes = (784, *settings["hidden"], 10)
    own = {name: settings[name] for name in ("activation", "loss", "dtype", "normalization")}
    network = Network(sizes, **own)
    meta = describe_network(network, 1.0) | {"recipe": recipe, "seed": 7, "epochs": 3}
    meta |= {"history": [], "accuracy": {"validation": None}, "dataset": {}, "versions": {}}
    save_brain(Path("brain.npz"), network, meta | more)


def rows_of(run: Run, *args: object) -> list[tuple[str, str]]:
    """Return the rows of a table, each a name and a value."""
    result = run("info", *args)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.replace("\n" + 23 * " ", " ").splitlines()
    return [(line[2:22].rstrip(), line[23:]) for line in lines if line[:2] == "  "]


def test_no_row_says_none(run: Run) -> None:
    write_brain({})
    assert [name for name, _ in rows_of(run)][-2:] == ["seed", "epochs"]
    export_safetensors(Brain(load_brain(Path("brain.npz")).network, None), Path("m.safetensors"))
    assert run("import", "m.safetensors", "imported.npz", "--activation", "tanh").exit_code == 0
    for path in ("pretrained", "brain.npz", "imported.npz"):
        assert "None" not in run("info", path).stdout


def test_sections(run: Run, brain: Path) -> None:
    parts = run("info", brain).stdout.split("\n\n")
    rows = [
        [line[:22].strip() for line in part.splitlines() if line[:3] != "   "] for part in parts
    ]
    assert [(names[0], names[1], names[-1]) for names in rows] == [
        ("Network", "brain", "loss"),
        ("Training", "recipe", "versions"),
        ("Results", "validation accuracy", "loss by epoch"),
    ]
    write_brain({})
    assert len(run("info").stdout.split("\n\n")) == 2  # nothing was measured
    Brain(load_brain(Path("brain.npz")).network).save("own.npz")
    assert len(run("info", "own.npz").stdout.split("\n\n")) == 2
    make_older(Path("older.npz"))
    assert len(run("info", "older.npz").stdout.split("\n\n")) == 2


def write_history(losses: list[Any], accuracies: list[Any]) -> None:
    pairs = zip(losses, accuracies, strict=True)
    write_brain({}, history=[{"loss": a, "validation_accuracy": b} for a, b in pairs])


def test_curves(run: Run) -> None:
    write_history([0.8, 0.4, 0.2, 0.1], [0.5, 0.75, 0.8, 1])
    assert rows_of(run)[-2:] == [
        ("accuracy by epoch", "▁▅▅█  50.00% to 100.00%"),
        ("loss by epoch", "█▆▃▁  0.8 to 0.1"),
    ]
    write_history([0.8, 0.4], [None, None])
    assert rows_of(run)[-1] == ("loss by epoch", "█▁  0.8 to 0.4")
    write_history([0.8], [0.5])
    assert rows_of(run)[-2:] == [("accuracy by epoch", "50.00%"), ("loss by epoch", "0.8")]


def test_curves_in_ascii(start: Start) -> None:
    write_history([2.0**-n for n in range(8)], [n / 8 for n in range(8)])
    env = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    stdout, stderr = start("info", env=env).communicate(timeout=60)
    assert stderr == b""
    lines = stdout.decode("ascii").splitlines()
    assert lines[-1] == "  loss by epoch        @#*+=-:.  1 to 0.007812"
    assert lines[-2] == "  accuracy by epoch    .:-=+*#@  0.00% to 87.50%"


def test_a_history_of_nonsense_draws_no_curve(run: Run) -> None:
    odd: list[Any] = [None, "x", True, [], 10**400, -1, 0, 1e300]
    write_history(odd, [*odd[:6], 2, 1e300])
    assert "by epoch" not in run("info").stdout
    write_brain({}, history=[1, [], None, {}])
    assert "by epoch" not in run("info").stdout


def test_numbers_have_separators(run: Run) -> None:
    write_brain(asdict(replace(MODERN, limit=50_000, epochs=1000)), seed=1234, epochs=1000)
    rows = dict(rows_of(run))
    assert rows["parameters"] == "235,146"
    assert (rows["limit"], rows["epochs"]) == ("50,000", "1,000")
    assert rows["seed"] == "1234"  # a name rather than a number


def test_rows_fit_80_columns_and_none_is_there_twice(run: Run) -> None:
    long = {f"library {number}": "1.2.3.4" for number in range(20)}
    write_brain(asdict(replace(MODERN, augment=True, dtype="float64")), versions=long)
    for path in ("brain.npz", "pretrained"):
        assert max(map(len, run("info", path).stdout.splitlines())) <= 80
        names = [name for name, _ in rows_of(run, path)]
        assert len(names) == len(set(names))
    assert dict(rows_of(run))["versions"].endswith("library 18 1.2.3.4, library 19 1.2.3.4")


def test_a_path_is_one_piece(run: Run) -> None:
    path = Path("  ".join(10 * ["a long name"]) + ".npz")
    write_brain({})
    Path("brain.npz").rename(path)
    assert f"  {'brain':20} {path}\n" in run("info", path).stdout


CHANGED: dict[str, Any] = {
    name: {bool: not DEFAULTS[name], float: 0.7, int: 3, tuple: [30]}.get(setting.kind)
    for name, setting in SETTINGS.items()
}
CHANGED |= {
    name: get_args(setting.kind)[-1] for name, setting in SETTINGS.items() if CHANGED[name] is None
}


@pytest.mark.parametrize("name", CHANGED)
def test_every_setting_that_is_not_the_default_is_shown(run: Run, name: str) -> None:
    write_brain({name: CHANGED[name]})
    row = name.replace("_", " "), spell(CHANGED[name])
    assert (("sizes", "784-30-10") if name == "hidden" else row) in rows_of(run)


def test_how_it_was_trained_besides(run: Run) -> None:
    plain = dict(rows_of(run, "pretrained")).keys()
    write_brain({"epochs": 30}, prune=0.5, half=True, initial="ab12", epochs=12)
    rows = dict(rows_of(run))
    assert (rows["prune"], rows["half"], rows["epochs"]) == ("0.5", "yes", "12 of 30")
    assert rows["initial weights"] == "another brain's"
    assert "initial weights" not in plain


def test_json(run: Run, brain: Path) -> None:
    document = json.loads(run("info", brain, "--json").stdout)
    assert document["brain"] == str(brain)
    assert (document["format"], document["parameters"]) == (1, 785 * 24 + 25 * 10)
    assert len(document["history"]) == 8


def test_the_normalisation(run: Run, brain: Path, normalised: Path) -> None:
    row = f"  normalization        {normalised.stem}"
    assert run("info", normalised).stdout.splitlines().count(row) == 1
    document = json.loads(run("info", normalised, "--json").stdout)
    assert document["normalization"] == document["input"]["normalization"] == normalised.stem
    assert "normalization" not in run("info", brain).stdout
    assert json.loads(run("info", brain, "--json").stdout)["normalization"] == "none"


def test_the_normalisation_of_an_imported_brain(run: Run, normalised: Path) -> None:
    export_safetensors(Brain(load_brain(normalised).network, None), Path("model.safetensors"))
    assert run("import", "model.safetensors", "imported.npz").exit_code == 0
    row = f"  normalization        {normalised.stem}"
    assert row in run("info", "imported.npz").stdout.splitlines()


def test_an_older_brain(run: Run) -> None:
    make_older(Path("brain.npz"))
    result = run("info")
    assert "none: a brain of the older kind" in result.stdout
    document = json.loads(run("info", "--json").stdout)
    assert (document["sizes"], document["dtype"]) == ([784, 20, 20, 20, 10], "float64")


def test_system(run: Run) -> None:
    facts = json.loads(run("info", "--system", "--json").stdout)
    lines = run("info", "--system").stdout.splitlines()
    rows = [line[:20].strip().replace(" ", "_") for line in lines if line[0] != " "]
    assert rows == [name for name, value in facts.items() if value is not None]
    assert facts["usable_cores"] >= 1


def test_an_unknown_kernel_name_is_left_to_blas(start: Start) -> None:
    env = os.environ | {"OPENBLAS_CORETYPE": "Nonsense", "OPENBLAS_NUM_THREADS": "many"}
    process = start("info", "--system", "--json", env=env)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, b"")
    assert json.loads(stdout)["kernels"] != "Nonsense"


def test_threads_follow_the_affinity_unless_the_user_sets_them(start: Start) -> None:
    mine = {name: value for name, value in os.environ.items() if not name.endswith("_THREADS")}
    for env, expected in ((mine, None), (mine | {"OPENBLAS_NUM_THREADS": "1"}, 1)):
        stdout, _ = start("info", "--system", "--json", env=env).communicate(timeout=60)
        facts = json.loads(stdout)
        assert facts["threads"] in (expected or facts["usable_cores"], None)  # None: Accelerate


def test_text_from_the_file_is_escaped(run: Run, brain: Path) -> None:
    loaded = load_brain(brain)
    assert loaded.meta
    meta = loaded.meta.raw | {"versions": {"numpy": "\x1b[2J\nsizes 1", "python": "\u202e"}}
    save_brain(Path("brain.npz"), loaded.network, meta)
    result = run("info")
    assert result.exit_code == 0
    assert dict(rows_of(run))["versions"] == r"numpy \x1b[2J\nsizes 1, python \u202e"


def test_a_file_that_is_not_a_brain(run: Run) -> None:
    Path("brain.npz").write_text("hello")
    result = run("info")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: brain.npz: not a brain file, or damaged\n"


def test_an_accuracy_that_is_none_is_no_traceback(run: Run, brain: Path) -> None:
    loaded = load_brain(brain)
    assert loaded.meta
    for accuracy in (10**400, 1.5, -1, "0.9", True):
        meta = loaded.meta.raw | {"accuracy": {"validation": accuracy}}
        save_brain(Path("odd.npz"), loaded.network, meta)
        assert "validation accuracy" not in run("info", "odd.npz").stdout


def test_a_setting_of_another_version_hides_no_other(run: Run, brain: Path) -> None:
    loaded = load_brain(brain)
    assert loaded.meta
    recipe = loaded.meta.recipe | {"warmth": 0.5, "batch_size": -1, "dropout": 0.25}
    save_brain(Path("later.npz"), loaded.network, loaded.meta.raw | {"recipe": recipe})
    lines = run("info", "later.npz").stdout.splitlines()
    assert {"  batch size           -1", "  dropout              0.25"} < set(lines)
    assert not any("warmth" in line for line in lines)
