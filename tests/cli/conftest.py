"""A brain to try the commands with, and ways to run them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mnistmlp.brains.brain import load_brain
from mnistmlp.cli.app import app
from mnistmlp.core.network import Network
from tests.conftest import save_brain

Run = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def run() -> Run:
    """Run a command in this process."""

    def invoke(*args: object, **options: Any) -> Result:
        words = [str(arg) for arg in args]
        result = CliRunner().invoke(app, words, prog_name="mnistmlp", **options)
        unexpected = result.exception
        assert unexpected is None or isinstance(unexpected, SystemExit), repr(unexpected)
        return result

    return invoke


@pytest.fixture
def start() -> Start:
    """Start a command in its own process, with its streams piped."""

    def popen(*args: object, **options: Any) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-W", "error", "-m", "mnistmlp", *map(str, args)]
        streams: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process: subprocess.Popen[bytes] = subprocess.Popen(command, **(streams | options))
        return process

    return popen


@pytest.fixture
def closed_pipe() -> Iterator[BinaryIO]:
    """A pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        yield pipe


@pytest.fixture(scope="session")
def brain(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A brain file with a high accuracy on the small data set."""
    path = tmp_path_factory.mktemp("brains") / "small.npz"
    args = ["train", "--recipe", "modern", "--hidden", "24", "--batch-size", "64"]
    args += ["--validation", "200", "--epochs", "8"]
    args += ["--normalization", "none", "--adversarial", "0"]  # these images are no digits
    args += ["--data-dir", str(small), "--output", str(path)]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture(scope="session", params=["deslant", "moments"])
def normalised(
    request: pytest.FixtureRequest, small: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A brain file of a network that normalises images; its name is that of the normalisation."""
    path = tmp_path_factory.mktemp("brains") / f"{request.param}.npz"
    args = ["train", "--hidden", "24", "--epochs", "2", "--validation", "200", "--quiet"]
    args += ["--normalization", request.param, "--data-dir", str(small), "--output", str(path)]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture
def fallible(brain: Path) -> Path:
    """The brain with noise on its weights, which misreads some of the images."""
    loaded = load_brain(brain)
    assert loaded.meta
    weights = loaded.network.parameters
    weights += np.random.default_rng(0).normal(0, 0.04, len(weights)).astype(np.float32)
    save_brain(Path("fallible.npz"), loaded.network, loaded.meta.raw)
    return Path("fallible.npz")


def without_normalisation(path: Path) -> Network:
    """Return the network of a brain file, but for its normalisation."""
    network = load_brain(path).network
    network.normalization = "none"
    return network
