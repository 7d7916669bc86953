"""`make demo`: what it asks before it chooses its data set, and how it ends."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from mnistmlp.brains.brain import PRETRAINED
from mnistmlp.data.download import mirror_answers

ROOT = Path(__file__).parent.parent

CLOSED = "http://127.0.0.1:1"


class Found(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200 if self.path == "/data/train-images-idx3-ubyte.gz" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def test_one_mirror_that_answers_is_enough() -> None:
    with HTTPServer(("127.0.0.1", 0), Found) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert mirror_answers((CLOSED, f"{url}/data/"))
        assert not mirror_answers((f"{url}/elsewhere",))
        server.shutdown()


def test_silence_and_refusal_are_no_answer() -> None:
    started = time.monotonic()
    assert not mirror_answers((CLOSED, "no address"), within=60)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not mirror_answers((f"http://127.0.0.1:{silent.getsockname()[1]}",), within=0.2)
    assert time.monotonic() - started < 30


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("make"), reason="there is no make here")
def test_it_ends_with_a_digit_and_next_steps(small: Path) -> None:
    """Run it with a program that only prints what it is given, then what it proposes."""
    shutil.copy(ROOT / "Makefile", ".")
    Path("bin").mkdir()
    Path("bin/mnistmlp").write_text('#!/bin/sh\necho "$@"\n')
    Path("bin/mnistmlp").chmod(0o755)
    env = os.environ | {"MNISTMLP_DATA_DIR": str(small)}
    command = ["make", "--silent", "--old-file=.venv/package", "BIN=bin", "demo"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    last = done.stdout.splitlines()[-1]
    assert last == "predict --dataset mnist --brain build/brain.npz --index 42 --show"
    steps = [line.split() for line in done.stderr.splitlines() if line.startswith("  bin/mnistmlp")]
    assert [words[1] for words in steps] == ["draw", "predict"]
    shutil.copy(PRETRAINED, "build/brain.npz")
    for words, more in zip(steps, [["--output", "page.html"], []], strict=True):
        program = [sys.executable, "-m", "mnistmlp"]
        tried = subprocess.run(
            [*program, *words[1:], *more], env=env, capture_output=True, text=True, check=True
        )
    assert "label" in tried.stderr
