"""Every option of every command, with values at its bounds and beyond them."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from typer.testing import Result

from mnistmlp.brains.checkpoint import Checkpoint, save_checkpoint
from mnistmlp.brains.provenance import Provenance
from mnistmlp.cli.app import COMMANDS, app
from mnistmlp.data import folder, load
from mnistmlp.training.loop import fit
from mnistmlp.training.recipes import SETTINGS, Recipe
from tests.cli.conftest import Run
from tests.conftest import blobs, names

AT_THE_DATA = 77  # exit code: every check made before the data are read has passed


class Values(NamedTuple):
    """The values to try with an option: some that it takes, and some beyond its bounds."""

    within: list[str]
    past: list[str]


STRANGE = [
    *("", " ", "x", "\x1b[31m", "\r\n", "\u202e", "\udcff", "None", "[]", "٣", "３"),
    *("nan", "inf", "-inf", "1_0", " 1", "+-1", "0x1"),
]
NO_NUMBER = [*STRANGE, ".", "1e", "1,5", "1" * 5000, "1" * 100_000 + "x"]


def whole(least: int, most: int) -> Values:
    past = [least - 1, most + 1, -(10**9), 10**30, 10**400, "1.0", "1.5", "1e1"]
    return Values([str(least), f"+{most}"], [*NO_NUMBER, *map(str, past)])


def number(least: float, most: float, *past: float) -> Values:
    far = [-1, -1e-300, 1e9, 1e308, 10**30, "1e999", "-1e999"]
    return Values([str(least), str(most)], [*NO_NUMBER, *map(str, [*far, *past])])


def choice(*within: str) -> Values:
    return Values(list(within), [*STRANGE, within[0].upper(), f"{within[0]} ", "0"])


def ranges(least: str, most: str) -> Values:
    return Values([least, most], [*NO_NUMBER, "3:3", "3:2", "-1", "-1:2", "0:1:2", "1e1"])


WRITTEN = ["", ".", "/", "none/x", "/proc/x", "/dev/null", "n" * 300, "\x1b[31m/x", "\udcff/x"]
READ = Values([], [""])
FOLDER = Values(["none", "."], ["", "/dev/null", "/proc/version"])
FLAG = Values([], ["", "1", "true"])  # it takes no value, not even a good one
PART = number(0, 1 - 2**-53, 1)
MOST, EPOCHS = 1_000_000, 10_000

TABLE: dict[str, dict[str, Values]] = {
    "": dict.fromkeys(("version", "install_completion", "show_completion"), FLAG),
    "download": {
        "dataset": Values([], choice("mnist").past),
        "data_dir": Values([], FOLDER.past),
        "mirror": Values(
            [], ["", "x", "/tmp", "ftp://x/", "http://", "http://[", "file://x/", "\x1b[31m"]
        ),
        "force": FLAG,
        "quiet": FLAG,
    },
    "convert": {
        "to": Values([], choice("png").past),
        "split": Values(
            [],
            ["", "x", "0.8", "0.8:0.3", "1:0", "0:1", "-1:2", "0.8:0.1:0.1", "nan:1", "\x1b[31m"],
        ),
        "seed": Values([], whole(0, 2**63 - 1).past),
        "limit": Values([], whole(1, 10**9).past),
        "augment": Values([], whole(1, 1000).past),
        "transpose": FLAG,
        "invert": FLAG,
        "raw": FLAG,
        "skip_bad": FLAG,
        "force": FLAG,
        "quiet": FLAG,
    },
    "train": {
        "output": Values(["x.npz", "\udcff", "x" * 200], WRITTEN),
        "recipe": choice("classic", "modern", "quick-99", "plain-best", "best"),
        "hidden": Values(
            ["none", "1", "99999", ",".join(["1"] * 100)],
            [*STRANGE, "0", "-1", "20,", "20,0", "1000001", "99999,99999", ",".join(["1"] * 101)],
        ),
        "epochs": whole(1, EPOCHS),
        "learning_rate": Values(
            ["5e-324", "1.E+308", ".5"], [*NO_NUMBER, "0", "-0.0", "-1", "1e-400", "1e309"]
        ),
        "batch_size": whole(1, MOST),
        "activation": choice("sigmoid", "tanh", "relu"),
        "loss": choice("mse", "cross-entropy"),
        "normalization": choice("none", "deslant", "moments"),
        "receptive_field": number(0, 28, 0.09, 28.1),
        "dropout": PART,
        "label_smoothing": PART,
        "hardest": number(5e-324, 1, 0, 1.1),
        "adversarial": number(0, 28, 28.1),
        "optimizer": Values(["sgd", "adam"], choice("sgd").past),
        "schedule": choice("constant", "step", "cosine", "one-cycle"),
        "momentum": PART,
        "weight_decay": number(0, MOST, MOST + 0.5),
        "validation": whole(0, 10**9),
        "patience": whole(1, EPOCHS),
        "limit": whole(1, 10**9),
        "shuffle": FLAG,
        "augment": FLAG,
        "displacement": number(0, 28, 28.1),
        "rotation": number(0, 180, 180.1),
        "scaling": number(0, 10, 10.1),
        "shear": number(0, 10, 10.1),
        "shift": number(0, 28, 28.1),
        "dtype": choice("float32", "float64"),
        "seed": whole(0, 2**63 - 1),
        "seeds": Values(["7"], [*ranges("", "").past, "0:", ":3", ":", "0:1001", "0:999999999"]),
        "jobs": Values([], whole(1, 1024).past),
        "scheduler": Values(
            [],
            [
                *(
                    *STRANGE,
                    "tcp://",
                    "tcp://host",
                    "host:8786",
                    "tcp://host:0",
                    "tcp://host:65536",
                ),
                *("http://host:80", "tcp://me@host:1", "tcp://host:1/x", "tcp://a b:1", "tcp://:1"),
            ],
        ),
        "init": READ,
        "like": READ,
        "resume": READ,
        "checkpoint_every": whole(0, EPOCHS),
        "synthetic": number(0, 0.9, 0.91),
        "prune": number(0, 0.99, 0.991),
        "half": FLAG,
        "threads": whole(1, 1024),
        "dataset": choice("mnist"),
        "data_dir": FOLDER,
        "force": FLAG,
        "log": Values(["x", "/dev/null", "/dev/stderr"], [n for n in WRITTEN if n != "/dev/null"]),
        "tensorboard": Values(["none/x"], [*FOLDER.past, "/proc/x", "n" * 300]),
        "as_json": FLAG,
        "quiet": FLAG,
    },
    "tune": {
        "trials": whole(1, 100_000),
        "recipe": choice("classic", "modern"),
        "search": Values(
            ["dropout", "hidden=128|256,128|none,learning-rate=1e-4:1e-2:log"],
            ["", "x", "dropout=", "dropout=0:", "dropout=0:1:2", "epochs=0:3", "\x1b[31m=1|2"],
        ),
        "sampler": choice("tpe", "random", "nsgaii"),
        "pruner": choice("median", "hyperband", "none"),
        "pareto": choice("seconds", "parameters"),
        "max_seconds": number(0.001, 10**6, 0),
        "max_parameters": whole(1, 10**9),
        "storage": Values(
            ["none/x.db", "postgresql://user@host/name"],
            ["", "://", "nodb://host/name", "sqlite://", "postgresql://a:b@c@host/name"],
        ),
        "study": Values(["x", "a b"], ["", "x" * 101, "\x1b[31m"]),
        "output": Values(["x.toml"], [*WRITTEN, "x.npz", "none/x.toml"]),
        "plots": Values(FOLDER.within, [*FOLDER.past, "/proc/x", "n" * 300]),
        "seed": whole(0, 2**63 - 1),
        "init": READ,
        "synthetic": number(0, 0.9, 0.91),
        "prune": number(0, 0.99, 0.991),
        "half": FLAG,
        "threads": whole(1, 1024),
        "dataset": choice("mnist"),
        "data_dir": FOLDER,
        "force": FLAG,
        "as_json": FLAG,
        "quiet": FLAG,
    },
    "recipes": {
        "save": Values([], [*WRITTEN, "x.npz", "none/x.toml", "/proc/x.toml", "\x1b[31m/x.toml"]),
        "force": FLAG,
        "as_json": FLAG,
    },
    "evaluate": {
        "split": choice("test", "train"),
        "fail_under": number(0, 1, 1.1),
        "mistakes": FLAG,
        "show": FLAG,
        "report": Values([], WRITTEN),
        "logs": Values([], READ.past),
        "plots": Values(FOLDER.within, [*FOLDER.past, "/proc/x", "n" * 300]),
        "dataset": choice("mnist"),
        "data_dir": FOLDER,
        "force": FLAG,
        "as_json": FLAG,
    },
    "predict": {
        "files_from": READ,
        "null": FLAG,
        "recursive": FLAG,
        "with_filename": FLAG,
        "index": Values(
            ["0", "0:999999999", ":", "5:", ":5"], [*ranges("", "").past, "::", ":0", "-1:", ":-1"]
        ),
        "data": READ,
        "seed": whole(0, 2**63 - 1),
        "split": choice("test", "train"),
        "brain": READ,
        "jobs": whole(1, 1024),
        "top": whole(1, 10),
        "reject": number(0, 1, 1.1),
        "invert": choice("auto", "yes", "no"),
        "centre": FLAG,
        "numbers": FLAG,
        "raw": FLAG,
        "show": FLAG,
        "explain": FLAG,
        "force": FLAG,
        "explain_png": Values([], WRITTEN),
        "dataset": choice("mnist"),
        "data_dir": FOLDER,
        "form": choice("text", "tsv", "csv", "jsonl", "kaggle"),
        "header": FLAG,
        "probabilities": FLAG,
        "as_json": FLAG,
    },
    "info": {"system": FLAG, "as_json": FLAG},
    "watch": {"once": FLAG},
    "export": {"force": FLAG},
    "import": {
        "force": FLAG,
        "activation": Values([], choice("relu").past),
        "loss": Values([], choice("mse").past),
        "normalized": Values([], ["", "1", "1,2,3", "a,b", "\x1b[31m"]),
    },
    "draw": {"output": Values([], WRITTEN), "no_browser": FLAG, "force": FLAG},
}
ON_A_CLUSTER = ["--scheduler", "tls://[::1]:65535", "--seeds", "0:2", "-o", "{seed}"]
# the settings are checked by the same code, so that one of them will do here
TRAIN = TABLE["train"]
SETTING_VALUES = {
    name: FLAG if TRAIN[name] is FLAG else Values([], TRAIN[name].past[:2]) for name in SETTINGS
}
TABLE["recipes"] |= SETTING_VALUES
TABLE["tune"] |= SETTING_VALUES
NONE = "none\x1b"  # the name of a file that is not there
OPTIONS = [
    (command, name)
    for command, options in TABLE.items()
    for name in options
    if command == "train" or name not in SETTINGS or name == "hidden"
]

Words = Callable[..., list[object]]


@pytest.fixture
def words(brain: Path) -> Words:
    """Return the words that give an option a value, and those that its command requires."""
    needed: dict[str, list[object]] = {"evaluate": [brain], "predict": ["--brain", brain]}
    needed["convert"] = ["train.csv", "new"]
    needed["import"] = ["model.safetensors", "imported.npz"]

    def typed(command: str, name: str, value: str) -> list[object]:
        image: list[object] = [] if name in ("index", "data") else ["--index", "0"]
        if name == "explain_png":
            image = ["a.png"]
        if name == "seed":
            image = ["--index", "random"]
        rest = image if command == "predict" else []
        if name == "seeds":
            rest = ["-o", "x-{seed}.npz"]
        given = f"{_spelling(command, name)}={value}"
        return [*filter(None, [command]), *needed.get(command, []), *rest, given]

    return typed


@pytest.fixture(autouse=True)
def _no_data(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Exit where the data would be read, except in a test with the small data set."""

    def load_dataset(*args: object, **options: object) -> None:
        raise SystemExit(AT_THE_DATA)

    if "small" not in request.fixturenames or "brain" in request.fixturenames:
        monkeypatch.setattr(load, "load_dataset", load_dataset)
        monkeypatch.setattr(folder, "missing_files", lambda *args: [])


@functools.cache
def _params(command: str) -> list[Any]:
    group: Any = typer.main.get_command(app)
    return list((group.get_command(None, command) if command else group).params)


def _spelling(command: str, name: str) -> str:
    return next(str(each.opts[0]) for each in _params(command) if each.name == name)


def assert_refused(result: Result, option: str) -> None:
    """Check for a usage error, one line that names the option, with nothing done."""
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    error, *hint = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert option in error
    assert len(error) < 400
    assert [each[:6] for each in hint] in ([], ["hint: "])
    assert result.stderr.replace("\n", "").isprintable()


def test_every_option_is_in_the_table() -> None:
    for command in ("", *COMMANDS):
        found = {each.name for each in _params(command) if each.param_type_name == "option"}
        assert found == TABLE[command].keys(), command
    assert TABLE.keys() == {"", *COMMANDS}


@pytest.mark.parametrize(("command", "name"), OPTIONS)
def test_values_beyond_the_bounds(run: Run, words: Words, command: str, name: str) -> None:
    for value in TABLE[command][name].past:
        assert_refused(run(*words(command, name, value)), _spelling(command, name))
    assert names() == []


@pytest.mark.parametrize(("command", "name"), OPTIONS)
def test_values_at_the_bounds(run: Run, words: Words, command: str, name: str) -> None:
    for value in TABLE[command][name].within:
        result = run(*words(command, name, value))
        assert (result.exit_code, result.stdout) == (AT_THE_DATA, ""), result.stderr
    assert names() == []


@pytest.mark.parametrize(("command", "name"), OPTIONS)
def test_a_missing_value(run: Run, command: str, name: str) -> None:
    if TABLE[command][name] is not FLAG:
        option = _spelling(command, name)
        assert_refused(run(command, option), option)


@pytest.mark.parametrize(
    ("args", "option"),
    [
        (["--optimizer", "adam", "--momentum", "0.5"], "--momentum"),
        (["--optimizer", "nesterov", "--momentum", "0"], "--momentum"),
        (["--patience", "3", "--validation", "0"], "--patience"),
        (["--resume", "a.ckpt", "--like", "b.npz"], "--resume"),
        (["--resume", "a.ckpt", "--seeds", "0:2", "-o", "{seed}"], "--resume"),
        (["--like", "b.npz", "--seeds", "0:2", "-o", "{seed}"], "--like"),
        (["--seed", "1", "--seeds", "0:2", "-o", "{seed}"], "--seed"),
        (["--jobs", "2"], "--jobs"),
        (["--scheduler", "tcp://a:1"], "--scheduler"),
        ([*ON_A_CLUSTER, "--jobs", "2"], "--jobs"),
        ([*ON_A_CLUSTER, "--log", "{seed}.jsonl"], "--log"),
        ([*ON_A_CLUSTER, "--tensorboard", "{seed}"], "--tensorboard"),
        ([*ON_A_CLUSTER, "--checkpoint-every", "0"], "--checkpoint-every"),
        (["--seeds", "0:2"], "--output"),
        (["--seeds", "0:2", "-o", "{seed}", "--log", "log"], "--log"),
        (["--seeds", "0:2", "-o", "{seed}", "--tensorboard", "runs"], "--tensorboard"),
        (["--seeds", "0:2", "-o", "none/{seed}"], "--output"),
        (["--seeds", "0:2", "-o", "{seed}", "--log", "none/{seed}"], "--log"),
        (["--seeds", "0:2", "-o", "{seed}", "--hidden", "99999,99999"], "--hidden"),
        (["--init", "pretrained", "--hidden", "20"], "--hidden"),
    ],
)
def test_options_that_do_not_go_together(run: Run, args: list[str], option: str) -> None:
    assert_refused(run("train", *args), option)
    assert names() == []


def test_files_that_are_not_there(run: Run, brain: Path) -> None:
    missing: list[list[object]] = [
        ["info", NONE],
        ["evaluate", NONE],
        ["evaluate", brain, NONE],
        ["predict", "--brain", NONE, "a.png"],
        ["predict", "--brain", brain, NONE],
        ["predict", "--brain", brain, "--files-from", NONE],
        ["predict", "--brain", brain, "--data", NONE],
        ["export", NONE, "b.html"],
        ["import", NONE, "b.npz"],
        ["convert", NONE, "new"],
        ["draw", NONE],
        ["watch", "--once", NONE],
        ["train", "--init", NONE],
        ["tune", "--init", NONE],
        ["train", "--like", NONE],
        ["train", "--resume", NONE],
    ]
    for args in missing:
        result = run(*args)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.splitlines()[0].lower().startswith(r"error: none\x1b: no such file")
    assert names() == []


@pytest.mark.parametrize("args", [["a.png", ""], ["", "-r"]], ids=str)
def test_a_picture_without_a_name(run: Run, brain: Path, args: list[str]) -> None:
    assert_refused(run("predict", "--brain", brain, *args), "'IMAGE'")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("command", [["train", "-o"], ["train", "--log"]], ids=str)
def test_a_place_without_permission(run: Run, command: list[str]) -> None:
    Path("folder").mkdir(0o555)
    assert_refused(run(*command, "folder/x"), "no permission to write here")
    Path("file").touch(0o444)
    assert run("train", "--log", "file").exit_code == 2


@pytest.fixture
def checkpoint() -> bytes:
    """The bytes of run.npz.ckpt, of a run that was stopped after its first epoch."""
    recipe, path = Recipe(hidden=(), validation=0, epochs=2), Path("run.npz.ckpt")
    provenance = Provenance(recipe, dataset={"digests": {}})
    fit(
        recipe,
        *blobs(50, 1),
        until=1,
        on_state=lambda state: save_checkpoint(path, Checkpoint(provenance, state)),
    )
    return path.read_bytes()


@pytest.mark.parametrize(
    ("args", "option"),
    [
        ([], None),
        (["-o", "./run.npz"], None),
        (["-o", "run.npz.ckpt"], "--output"),
        (["-o", "hard"], "--output"),
        (["-o", "soft"], "--output"),
        (["--log", "run.npz.ckpt"], "--log"),
        (["--log", "run.npz"], "--log"),
        (["-o", "x", "--log", "x.ckpt"], "--log"),
    ],
)
def test_a_checkpoint_is_not_overwritten(
    run: Run, checkpoint: bytes, args: list[str], option: str | None
) -> None:
    Path("hard").hardlink_to("run.npz.ckpt")
    Path("soft").symlink_to("run.npz.ckpt")
    result = run("train", "--resume", "run.npz.ckpt", *args)
    if option:
        assert_refused(result, f"{option}: {args[-1]} is the same file as ")
    else:
        assert result.exit_code == AT_THE_DATA
    assert Path("run.npz.ckpt").read_bytes() == checkpoint


@pytest.mark.parametrize(
    ("args", "option"),
    [
        (["--init", "b-1.npz", "-o", "b-1.npz"], None),
        (["--init", "b-1.npz", "--log", "b-1.npz"], "--log"),
        (["--init", "b-1.npz", "--seeds", "0:3", "-o", "b-{seed}.npz"], "--output"),
        (["--init", "b.ckpt", "-o", "b"], "--output"),
        (["--like", "b-1.npz", "-o", "b-1.npz"], "--output"),
        (["--like", "b-1.npz", "--log", "b-1.npz"], "--log"),
        (["--like", "b.ckpt", "-o", "b"], "--output"),
        (["-o", "b-1.npz", "--log", "b-1.npz"], "--log"),
        (["-o", "b-1.npz", "--log", "b-1.npz.ckpt"], "--log"),
    ],
)
def test_a_brain_is_not_overwritten_by_mistake(
    run: Run, brain: Path, args: list[str], option: str | None
) -> None:
    for name in ("b-1.npz", "b.ckpt"):
        Path(name).write_bytes(brain.read_bytes())
    result = run("train", *args, "--force")
    if option:
        assert_refused(result, f"{option}: ")
    else:
        assert result.exit_code == AT_THE_DATA
    assert Path("b-1.npz").read_bytes() == Path("b.ckpt").read_bytes() == brain.read_bytes()


def test_an_explanation_does_not_overwrite_its_sources(run: Run, brain: Path) -> None:
    Path("a.png").write_bytes(b"a picture")
    for args in (["a.png", "--explain-png", "./a.png"], ["b.png", "--explain-png", brain]):
        assert_refused(run("predict", "--brain", brain, *args, "--force"), "--explain-png")
    assert Path("a.png").read_bytes() == b"a picture"


def test_a_log_is_left_alone_if_the_run_does_not_start(run: Run, small: Path) -> None:
    Path("old").write_bytes(b"{}\n")
    for log in ("old", "new"):
        args = ["--data-dir", small, "--log", log, "--validation", "1200", "--force"]
        assert_refused(run("train", *args), "--validation")
        args += ["--seeds", "0:2", "-o", "{seed}", "--log", f"{log}{{seed}}"]
        assert_refused(run("train", *args), "--validation")
    assert (names(), Path("old").read_bytes()) == (["old"], b"{}\n")
