import json
import sys
from pathlib import Path

import pytest
from safetensors.numpy import save_file

from mnistmlp.brains.brain import load_brain
from mnistmlp.core.compression import round_to_half
from mnistmlp.exchange.safetensors import export_safetensors
from mnistmlp.version import install_command
from tests.cli.conftest import Run
from tests.conftest import names, save_brain
from tests.exchange.test_safetensors_import import layers_of, named


def test_a_pytorch_network_becomes_a_brain(run: Run, small: Path) -> None:
    save_file(layers_of(784, 12, 10), "model.safetensors")
    args = ["--activation", "tanh", "--loss", "mse", "--normalized", "0.1307,0.3081"]
    result = run("import", "model.safetensors", "brain.npz", *args)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "brain.npz\n", "")
    facts = json.loads(run("info", "--json").stdout)
    assert (facts["sizes"], facts["activation"], facts["loss"]) == ([784, 12, 10], "tanh", "mse")
    assert "imported" in run("info").stdout
    assert run("predict", "--index", "0", "--data-dir", small).exit_code == 0
    assert run("evaluate", "--data-dir", small).exit_code == 0
    words = ["--limit", "100", "--validation", "0", "--epochs", "1", "--data-dir", small]
    assert run("train", "--init", "brain.npz", "-o", "more.npz", *words).exit_code == 0


def test_what_the_names_do_not_say_is_noted(run: Run) -> None:
    arrays = named((784, 12, 10), "\x1b[1m/dense/", "\x1b[1m/out/", transposed=True)
    save_file(arrays, "keras.safetensors")
    result = run("import", "keras.safetensors", "brain.npz", "--activation", "relu")
    assert (result.exit_code, result.stdout) == (0, "brain.npz\n")
    assert result.stderr.splitlines() == [
        r"keras.safetensors: \x1b[1m/dense/kernel has shape (784, 12): (fan_in, fan_out), "
        "as in Keras and JAX; all are transposed",
        "keras.safetensors: layers in the order in which their shapes chain: "
        r"\x1b[1m/dense, \x1b[1m/out",
    ]
    (weights, _), *_ = load_brain(Path("brain.npz")).network.layers
    assert (weights == arrays["\x1b[1m/dense/kernel"].T).all()


def test_an_export_comes_back_bit_for_bit(run: Run, brain: Path) -> None:
    loaded, half = load_brain(brain), Path("half.npz")
    assert loaded.meta
    round_to_half(loaded.network)
    save_brain(half, loaded.network, loaded.meta.raw | {"half": True})
    for path in (brain, half):
        export_safetensors(load_brain(path), "model.safetensors", overwrite=True)
        assert run("import", "model.safetensors", "again.npz", "--force").exit_code == 0
        assert Path("again.npz").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("args", "code", "error"),
    [
        ([], 2, "--activation: model.safetensors does not say which of sigmoid, tanh, relu it is"),
        (["--activation", "relu", "--normalized", "1"], 2, "--normalized: '1' is not two numbers"),
        (["--activation", "relu", "--normalized", "1,0"], 2, "--normalized: 1.0,0.0 is not"),
    ],
)
def test_usage(run: Run, args: list[str], code: int, error: str) -> None:
    save_file(layers_of(784, 12, 10), "model.safetensors")
    result = run("import", "model.safetensors", "brain.npz", *args)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(f"error: {error}")
    assert names() == ["model.safetensors"]


def test_faults_are_a_line_and_a_hint(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("model.pt").write_bytes(b"PK")
    result = run("import", "model.pt", "brain.npz")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[0].startswith("error: model.pt: not opened, because a pickle")
    assert result.stderr.splitlines()[1].startswith("hint: in PyTorch: ")
    monkeypatch.setitem(sys.modules, "safetensors", None)
    result = run("import", "model.safetensors", "brain.npz")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[1] == f"hint: {install_command('safetensors')}"
    assert names() == ["model.pt"]


def test_a_brain_that_cannot_be_written(run: Run) -> None:
    save_file(layers_of(784, 10), "model.safetensors")
    result = run("import", "model.safetensors", "none/brain.npz")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("none: no such folder\n")


def test_a_file_that_exists_is_replaced_by_force_alone_and_kept(run: Run) -> None:
    save_file(layers_of(784, 12, 10), "model.safetensors")
    Path("b.npz").write_bytes(b"old")
    words = ["import", "model.safetensors", "b.npz", "--activation", "relu"]
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: BRAIN: b.npz exists\nhint: name another file, or ")
    assert Path("b.npz").read_bytes() == b"old"
    result = run(*words, "--force")
    assert (result.exit_code, result.stderr) == (0, "kept the old b.npz as b.npz.bak\n")
    assert Path("b.npz.bak").read_bytes() == b"old"


def test_it_does_not_eat_its_source(run: Run) -> None:
    save_file(layers_of(784, 12, 10), "x")
    before = Path("x").read_bytes()
    result = run("import", "x", "x", "--force")
    assert (result.exit_code, result.stderr) == (2, "error: BRAIN: x is the same file as MODEL\n")
    assert Path("x").read_bytes() == before
