import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from mnistmlp import blas
from mnistmlp.brains.brain import load_brain
from mnistmlp.brains.train import train
from mnistmlp.cli.interrupt import ECHO
from mnistmlp.core.calibration import calibrate
from mnistmlp.core.metrics import evaluate, probabilities
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.synthetic import add_digits
from mnistmlp.training import loop
from mnistmlp.training.recipes import parse_recipe
from mnistmlp.workers import Workers
from tests.cli.conftest import Run, Start
from tests.conftest import names

TINY = ["--hidden", "8", "--epochs", "2", "--lr", "6", "--validation", "200"]


def test_stdout_is_the_path_alone(run: Run, small: Path) -> None:
    result = run("train", *TINY, "--data-dir", small, "-o", "some.npz")
    assert (result.exit_code, result.stdout) == (0, "some.npz\n")
    lines = result.stderr.splitlines()
    assert lines[0].startswith("epoch 1/2  loss ")
    assert lines[1].startswith("epoch 2/2  loss ")
    assert lines[2] == "classic: 784-8-10, 6,370 parameters, learning rate 6"
    assert lines[3].startswith("2 epochs on custom in ")
    assert lines[4].startswith("validation accuracy ")
    assert lines[5] == "saved some.npz"
    assert max(map(len, lines)) <= 80
    assert names() == ["some.npz"]


def test_quiet(run: Run, small: Path) -> None:
    result = run("train", *TINY, "--data-dir", small, "--quiet")
    assert (result.stdout, result.stderr) == ("brain.npz\n", "")


def test_json(run: Run, small: Path) -> None:
    result = run("train", *TINY, "--data-dir", small, "--json")
    document = json.loads(result.stdout)
    assert list(document) == [
        "output", "dataset", "recipe", "sizes", "parameters", "epochs", "seconds",
        "validation_accuracy",
        "history",
    ]  # fmt: skip
    assert (document["output"], document["recipe"]) == ("brain.npz", "classic")
    assert (document["sizes"], document["parameters"]) == ([784, 8, 10], 6370)
    assert [report["epoch"] for report in document["history"]] == [1, 2]
    assert document["validation_accuracy"] == document["history"][-1]["validation_accuracy"]


def test_same_seed_same_file(run: Run, small: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run("train", *TINY, "--data-dir", small, "--seed", seed, "-o", f"{name}.npz")
    a, b, c = (Path(f"{name}.npz").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_options_override_the_recipe(run: Run, small: Path) -> None:
    options = {
        "--normalization": "deslant", "--hidden": "9,7", "--activation": "tanh", "--loss": "mse",
        "--receptive-field": "3", "--dropout": "0.25", "--adversarial": "0.5",
        "--label-smoothing": "0.125", "--hardest": "0.5",
        "--optimizer": "nesterov",
        "--momentum": "0.5", "--learning-rate": "0.5", "--schedule": "cosine",
        "--weight-decay": "0.001", "--batch-size": "20", "--epochs": "3", "--validation": "100",
        "--patience": "2", "--limit": "300", "--displacement": "1.5", "--rotation": "5",
        "--scaling": "0.1", "--shear": "0.2", "--shift": "2", "--dtype": "float64",
    }  # fmt: skip
    given = [word for pair in options.items() for word in pair]
    result = run("train", "--recipe", "modern", *given, "--no-shuffle", "--data-dir", small)
    assert result.exit_code == 0, result.stderr
    brain = load_brain(Path("brain.npz"))
    assert brain.meta
    assert brain.meta.raw["recipe"] == {
        "name": "modern", "normalization": "deslant",
        "hidden": [9, 7], "activation": "tanh", "loss": "mse",
        "receptive_field": 3.0, "dropout": 0.25, "adversarial": 0.5, "hardest": 0.5,
        "label_smoothing": 0.125,
        "optimizer": "nesterov", "learning_rate": 0.5, "schedule": "cosine", "momentum": 0.5,
        "weight_decay": 0.001, "batch_size": 20, "epochs": 3, "validation": 100, "patience": 2,
        "limit": 300, "shuffle": False, "augment": True, "displacement": 1.5, "rotation": 5.0,
        "scaling": 0.1, "shear": 0.2, "shift": 2.0, "dtype": "float64",
    }  # fmt: skip
    assert brain.network.sizes == (784, 9, 7, 10)
    assert brain.network.parameters.dtype == np.float64
    assert set(brain.meta.raw["dataset"]["digests"]) == {
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
    }


def test_no_hidden_layer_and_no_validation(run: Run, small: Path) -> None:
    result = run("train", "--hidden", "none", "--validation", 0, "--epochs", 1, "--data-dir", small)
    assert result.exit_code == 0
    assert "no validation accuracy, and confidence is not calibrated\n" in result.stderr
    assert load_brain(Path("brain.npz")).network.sizes == (784, 10)


def test_a_small_file(run: Run, small: Path) -> None:
    sizes = []
    for extra in ([], ["--half"], ["--half", "--prune", 0.6]):
        result = run("train", *TINY, "--data-dir", small, "--force", *extra)
        assert result.exit_code == 0
        sizes.append(Path("brain.npz").stat().st_size)
    assert sizes[1] < 0.5 * sizes[0]
    assert sizes[2] < 0.6 * sizes[1]
    assert (load_brain(Path("brain.npz")).network.parameters == 0).mean() >= 0.6


@pytest.mark.parametrize(
    "changes",
    [
        [],
        ["--half"],
        ["--prune", 0.9],
        ["--prune", 0.9, "--half"],
        ["--patience", 1, "--epochs", 30],
        ["--dtype", "float64"],
        ["--hardest", 0.5],
        ["--schedule", "constant"],
    ],
    ids=str,
)
def test_recorded_figures_are_those_of_the_saved_weights(
    run: Run, small: Path, changes: list[object]
) -> None:
    words = ["train", "--hidden", "30", "--lr", "6", "--epochs", "6", "--validation", "200"]
    trained = run(*words, "--json", "--data-dir", small, *changes)
    assert trained.exit_code == 0
    loaded, data = load_brain(Path("brain.npz")), load_dataset(small, "train")
    assert loaded.meta
    found = evaluate([loaded.network], data.images[1000:], data.labels[1000:])
    assert loaded.meta.validation_accuracy == found.accuracy
    assert json.loads(trained.stdout)["validation_accuracy"] == found.accuracy
    assert f"validation accuracy {found.accuracy:.2%} (epoch " in trained.stderr
    outputs = probabilities(loaded.network.outputs(data.images[1000:]))
    assert loaded.temperature == calibrate(outputs, data.labels[1000:])


def test_log(run: Run, small: Path) -> None:
    run("train", *TINY, "--data-dir", small, "--log", "run.jsonl")
    lines = [json.loads(line) for line in Path("run.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert list(lines[0])[1:] == [
        "loss",
        "accuracy",
        "validation_loss",
        "validation_accuracy",
        "seconds",
        "images_per_second",
    ]


def test_threads_and_the_environment(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def make_workers(count: int) -> Workers:
        asked.append(count)
        return Workers(count)

    monkeypatch.setattr(loop, "Workers", make_workers)
    monkeypatch.setattr(blas, "usable_cores", lambda: 3)
    for name in blas.THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    given = {"MNISTMLP_DATA_DIR": str(small)}
    result = run("train", *TINY, "--threads", 1, "-q", env=given)
    assert (result.exit_code, result.stdout) == (0, "brain.npz\n")
    run("train", *TINY, "--force", env=given)
    run("train", *TINY, "--threads", 2, "--force", env=given)
    run("train", *TINY, "--force", env=given | {"OPENBLAS_NUM_THREADS": "2"})
    assert asked == [1, 3, 2, 2]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["--hidden", "20,,20"], "--hidden: '20,,20' is not a list of widths"),
        (["--hidden", "0"], "--hidden: 0 is not"),
        (["--hidden", "99999,99999", "--validation", "0"], "--hidden: 10,079,"),
        (["--lr", "0"], "--learning-rate: 0.0 is not a finite number above 0"),
        (["--batch-size", "0"], "--batch-size: 0 is not"),
        (["--dropout", "1"], "--dropout: 1.0 is not a number from 0 to below 1"),
        (["--label-smoothing", "1"], "--label-smoothing: 1.0 is not"),
        (["--hardest", "0"], "--hardest: 0.0 is not a number above 0, up to 1"),
        (["--adversarial", "-0.1"], "--adversarial: -0.1 is not"),
        (["--displacement", "-1"], "--displacement: -1.0 is not a number from 0 to 28"),
        (["--rotation", "nan"], "'--rotation': 'nan' is not a number"),
        (["--scaling", "1e999"], "--scaling: inf is not a number from 0 to 10"),
        (["--receptive-field", "-2"], "--receptive-field: -2.0 is not"),
        (["--patience", "2", "--validation", "0"], "--patience: needs validation images"),
        (["--validation", "1200"], "--validation: 1200 of 1200 images leaves none"),
        (["--optimizer", "adam", "--momentum", "0.5"], "--momentum: adam has no momentum"),
        (["--recipe", "clasic"], "--recipe: 'clasic' is not one of classic, "),
        (["--recipe", ""], "--recipe: '' is not one of "),
        (["--output", "."], "--output: .: not a regular file"),
        (["--output", "none/brain.npz"], "no such folder"),
        (["--threads", "9" * 20], "'--threads'"),
        (["--log", "none/log"], "none: no such folder"),
    ],
)
def test_settings_that_cannot_work(run: Run, small: Path, args: list[str], error: str) -> None:
    result = run("train", *args, "--data-dir", small)
    assert (result.exit_code, result.stdout) == (2, "")
    assert error in result.stderr
    assert result.stderr.count("\n") == 1 + ("hint: " in result.stderr)
    assert names() == []


def test_divergence_writes_no_brain(run: Run, small: Path) -> None:
    result = run(
        "train", *TINY, "--activation", "relu", "--lr", "1e30", "--loss", "cross-entropy",
        "--data-dir", small,
    )  # fmt: skip
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "error: the loss is no longer finite in epoch 1 (learning rate 1e+30)",
        "hint: try a smaller one, such as --learning-rate 1e+29",
    ]
    assert names() == []


def test_the_echo_of_ctrl_c_does_not_lose_what_it_saves(start: Start, small: Path) -> None:
    for _ in range(10):  # until the machine is quick enough for the last signal to be an echo
        process = start("train", *TINY, "--epochs", 10_000, "--data-dir", small)
        assert process.stderr
        while b"epoch" not in process.stderr.readline():
            pass
        began = time.monotonic()
        for _ in range(5):
            process.send_signal(signal.SIGINT)
            time.sleep(0.001)
        took = time.monotonic() - began
        stdout, stderr = process.communicate(timeout=60)
        if took < ECHO:
            break
    assert (process.returncode, stdout) == (130, b"brain.npz\n")
    assert b"Traceback" not in stderr
    assert load_brain(Path("brain.npz")).meta


@pytest.mark.parametrize("stream", ["log", "stderr"])
def test_a_report_that_cannot_be_written_does_not_end_the_run(
    start: Start, small: Path, stream: str
) -> None:
    log = ["--log", "/dev/full"] if stream == "log" else []
    with Path("/dev/full").open("w") as full:
        options = {"stderr": full} if stream == "stderr" else {}
        process = start("train", *TINY, *log, "--data-dir", small, **options)
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (0, b"brain.npz\n")
    assert load_brain(Path("brain.npz")).meta
    if stream == "log":
        warning = b"warning: /dev/full: no space left on device: epoch 2 is not logged\n"
        assert warning in stderr


def test_synthetic_digits_are_added_to_what_is_trained_on(run: Run, small: Path) -> None:
    command = ["train", *TINY, "--data-dir", small]
    plain = run(*command, "--output", "plain.npz")
    mixed = run(*command, "--synthetic", 0.25, "--output", "mixed.npz")
    assert "on custom in" in plain.stderr
    assert "on custom and synthetic digits (0.25 of all) in" in mixed.stderr
    data = load_dataset(small, "train")
    images, labels = add_digits(data.images, data.labels, 0.25)
    brain = load_brain(Path("mixed.npz"))
    assert brain.meta
    recipe = parse_recipe(brain.meta.recipe)
    expected = loop.fit(recipe, images, labels, seed=0)
    assert brain.network.parameters.tobytes() == expected.network.parameters.tobytes()
    assert "custom and synthetic digits (0.25 of all)" in run("info", "mixed.npz").stdout
    assert json.loads(run("info", "mixed.npz", "--json").stdout)["synthetic"] == 0.25
    resumed = run("train", "--like", "mixed.npz", "--synthetic", 0.1, "--data-dir", small)
    assert resumed.exit_code == 2
    assert "mixed.npz has 0.25, not 0.1" in resumed.stderr


def test_synthetic_digits_do_not_go_with_a_limit(run: Run, small: Path) -> None:
    result = run("train", *TINY, "--data-dir", small, "--synthetic", 0.1, "--limit", 100)
    assert result.exit_code == 2
    assert "--synthetic" in result.stderr
    assert "cannot be used with limit" in result.stderr


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (["--recipe", "modern", "--validation", 200], {"recipe": "modern", "validation": 200}),
        (["--optimizer", "adam", "--epochs", 2], {"optimizer": "adam", "epochs": 2}),
        (["--rotation", 5, "--epochs", 2], {"rotation": 5.0, "epochs": 2}),
        (["--prune", 0.5, "--half", "--synthetic", 0.1], {"prune": 0.5, "half": True,
                                                          "synthetic": 0.1}),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:no better than guessing")
def test_both_doors_lead_to_the_same_bytes(
    words: list[object],
    settings: dict[str, object],
    run: Run,
    small: Path,
) -> None:
    more = {"recipe": "classic", "validation": 200, "seed": 3} | settings
    names = ["--validation", 200, "--seed", 3, *words, "--data-dir", small, "--quiet"]
    assert run("train", "-o", "shell.npz", *names).exit_code == 0
    train(data=load_dataset(small, "train"), **more).save("python.npz")  # type: ignore[arg-type]
    assert Path("python.npz").read_bytes() == Path("shell.npz").read_bytes()
