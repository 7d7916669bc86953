"""Commands where the system allows few processes, or little memory."""

import os
import resource
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Run, Start
from tests.conftest import names

pytestmark = pytest.mark.slow

TRAIN = ["train", "--hidden", "8", "--lr", "6", "--epochs", "1", "--validation", "200"]


@pytest.fixture
def picture() -> str:
    """A picture of a 1 whose file is so large that another process may read the next one."""
    levels = np.random.default_rng(0).integers(200, 256, (400, 400), np.uint8)
    levels[80:320, 190:215] = 0
    Image.fromarray(levels).save("large.png")
    assert Path("large.png").stat().st_size > 1 << 16
    return "large.png"


@pytest.fixture
def one_process() -> list[str]:
    """The words before a command that may not start a thread; root has no such limit."""
    limit = ["prlimit", "--nproc=1"]
    if os.geteuid() == 0:
        read = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        limit = ["setpriv", "--reuid=65534", "--clear-groups", *read, *limit]
    if not shutil.which(limit[0]) or subprocess.run([*limit, "true"], check=False).returncode:
        pytest.skip("the number of processes cannot be limited here")
    return limit


def test_a_command_needs_no_other_thread_or_process(
    one_process: list[str], small: Path, brain: Path, picture: str
) -> None:
    data = ["--data-dir", str(small)]
    for words in (
        ["predict", "--brain", str(brain), picture, picture],
        ["info", "--system"],
        ["evaluate", "pretrained", *data],
        [*TRAIN, "--threads", "1", *data],
    ):
        command = [*one_process, sys.executable, "-m", "mnistmlp", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout


def test_a_committee_that_cannot_start_a_process_says_so(
    one_process: list[str], small: Path
) -> None:
    words = [*TRAIN, "--seeds", "0:2", "-o", "{seed}.npz", "--data-dir", str(small)]
    command = [*one_process, sys.executable, "-m", "mnistmlp", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    starts = [line.partition(" cannot start a process")[0] for line in done.stderr.splitlines()]
    assert starts == ["error: 0.npz:", "error: 1.npz:"]


def refuse(thread: threading.Thread) -> NoReturn:
    raise RuntimeError("can't start new thread")


def test_a_thread_that_cannot_be_done_without_is_an_error(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistmlp.brains.train.fit", lambda *args, **options: refuse(None))  # type: ignore[arg-type]
    result = run(*TRAIN, "--data-dir", small)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: cannot start more threads")
    assert result.stderr.count("\n") == 1
    assert names() == []


@pytest.mark.parametrize("megabytes", [20, 60, 90, 130, 170, 3000])
def test_little_memory_is_a_line(
    start: Start, small: Path, brain: Path, picture: str, megabytes: int
) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    data = ["--data-dir", small]
    for words in (
        ["predict", "--brain", brain, picture],
        ["info", brain],
        ["evaluate", brain, *data],
        [*TRAIN, "--threads", 1, *data],
    ):
        process = start(*words, preexec_fn=limit)
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode in (0, 1), stderr
        assert b"Traceback" not in stderr, stderr
        if process.returncode:
            assert (stdout, stderr.count(b"\n")) == (b"", 1)
        if megabytes == 3000:
            assert process.returncode == 0, stderr
