import json
import os
from pathlib import Path

from mnistmlp.brains.brain import Brain, load_brain, save_brain
from mnistmlp.exchange.safetensors import export_safetensors
from tests.brains.test_brain import make_older
from tests.cli.conftest import Run, Start


def test_a_table(run: Run, brain: Path) -> None:
    result = run("info", brain)
    facts = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert (facts["sizes"], facts["activation"], facts["loss"]) == (
        "784-24-10",
        "relu",
        "cross-entropy",
    )
    assert (facts["recipe"], facts["seed"], facts["epochs"]) == ("modern", "0", "8")
    assert "validation accuracy" in result.stdout
    assert "hidden" not in facts  # as the sizes have it


def test_json(run: Run, brain: Path) -> None:
    document = json.loads(run("info", brain, "--json").stdout)
    assert document["brain"] == str(brain)
    assert (document["format"], document["parameters"]) == (1, 785 * 24 + 25 * 10)
    assert len(document["history"]) == 8


def test_the_normalisation(run: Run, brain: Path, normalised: Path) -> None:
    row = f"normalization        {normalised.stem}"
    assert run("info", normalised).stdout.splitlines().count(row) == 1
    document = json.loads(run("info", normalised, "--json").stdout)
    assert document["normalization"] == document["input"]["normalization"] == normalised.stem
    assert "normalization" not in run("info", brain).stdout
    assert json.loads(run("info", brain, "--json").stdout)["normalization"] == "none"


def test_the_normalisation_of_an_imported_brain(run: Run, normalised: Path) -> None:
    export_safetensors(Brain(load_brain(normalised).network, None), Path("model.safetensors"))
    assert run("import", "model.safetensors", "imported.npz").exit_code == 0
    row = f"normalization        {normalised.stem}"
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
    assert [line[:20].strip().replace(" ", "_") for line in lines] == list(facts)
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
    assert result.stdout.splitlines()[-1].split(maxsplit=1)[1] == (
        r"numpy \x1b[2J\nsizes 1, python \u202e"
    )


def test_a_file_that_is_not_a_brain(run: Run) -> None:
    Path("brain.npz").write_text("hello")
    result = run("info")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: brain.npz: not a brain file, or a damaged one\n"


def test_an_accuracy_that_is_none_is_no_traceback(run: Run, brain: Path) -> None:
    loaded = load_brain(brain)
    assert loaded.meta
    for accuracy in (10**400, 1.5, -1, "0.9", True):
        meta = loaded.meta.raw | {"accuracy": {"validation": accuracy}}
        save_brain(Path("odd.npz"), loaded.network, meta)
        assert "validation accuracy  None" in run("info", "odd.npz").stdout.splitlines()


def test_a_setting_of_another_version_hides_no_other(run: Run, brain: Path) -> None:
    loaded = load_brain(brain)
    assert loaded.meta
    recipe = loaded.meta.recipe | {"warmth": 0.5, "batch_size": -1, "dropout": 0.25}
    save_brain(Path("later.npz"), loaded.network, loaded.meta.raw | {"recipe": recipe})
    lines = run("info", "later.npz").stdout.splitlines()
    assert {"batch size           -1", "dropout              0.25"} < set(lines)
    assert not any("warmth" in line for line in lines)
