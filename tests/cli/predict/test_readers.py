"""Pictures read in several processes."""

import multiprocessing
import os
import pickle
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mnistmlp.cli.predict import readers
from mnistmlp.cli.predict.readers import Batch, Readers, read_in_order
from mnistmlp.cli.predict.recognise import _read_picture
from mnistmlp.errors import MnistMlpError, PictureError
from mnistmlp.pictures.images import examine_picture
from tests.cli.conftest import Run, Start
from tests.cli.predict.conftest import sources


def find(name: str) -> Any:
    """Stand for what reads a picture: say its name, and in which process."""
    if "fault" in name:
        raise MemoryError
    if "killed" in name and multiprocessing.parent_process():
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01 * ("slow" in name))
    return PictureError(name, hint="a hint", details=["one", "two"]), os.getpid()


def files(*names: str, size: int = 0) -> list[str]:
    for name in names:
        Path(name).write_bytes(bytes(size))
    return list(names)


def together(batches: Iterator[Batch]) -> Batch:
    return [each for batch in batches for each in batch]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_PICTURES", 0)
    monkeypatch.setattr(readers, "MIN_PICTURES", 3)
    monkeypatch.setattr(readers, "MAX_BATCH", 3)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_the_order_is_kept(start: str, jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "START", start)
    names = files(*(f"slow{i}" for i in range(40)))
    found = together(read_in_order(names, find, jobs))
    assert [name for name, _ in found] == names
    assert [str(error) for _, (error, _) in found] == names
    assert {(error.hint, error.details) for _, (error, _) in found} == {("a hint", ("one", "two"))}
    processes = {process for _, (_, process) in found}
    assert len(processes) <= jobs
    assert processes == {os.getpid()} if jobs == 1 else os.getpid() not in processes
    if start == "fork":
        assert len(processes) == jobs


@pytest.mark.usefixtures("small_parts")
def test_what_only_this_process_can_read_is_read_here() -> None:
    os.mkfifo("pipe")
    files("-")  # is not what - means
    error = PictureError("no name")
    names: list[str | PictureError] = files("a", "b", "c", "d", "e")  # type: ignore[assignment]
    names += [error, "-", "pipe", "none", "/dev/null", "/proc/1"]
    names += files(*(f"slow{i}" for i in range(20)))
    found = together(read_in_order(names, find, 2))
    assert [name for name, _ in found] == names
    assert found[5] == (error, error)
    assert {process for _, (_, process) in found[6:11]} == {os.getpid()}
    others = {process for _, (_, process) in found[:5] + found[11:]}
    assert len(others) == 2
    assert os.getpid() not in others


@pytest.mark.usefixtures("small_parts")
def test_few_pictures_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Readers, "_start", None)
    assert len(together(read_in_order(files("a", "b", "c"), find, 4))) == 3
    assert len(together(read_in_order(files("large", size=1 << 20), find, 4))) == 1
    with pytest.raises(TypeError):
        together(read_in_order(files("large", "other", size=1 << 20), find, 4))


@pytest.mark.usefixtures("small_parts")
def test_the_processes_end_with_the_reading() -> None:
    batches = read_in_order(files(*(f"slow{i}" for i in range(90))), find, 3)
    next(batches)
    assert len(multiprocessing.active_children()) == 3
    batches.close()
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("small_parts")
def test_few_wait_at_a_time() -> None:
    taken = []

    def names() -> Iterator[str]:
        for name in files(*map(str, range(200))):
            taken.append(name)
            yield name

    passed_on = 0
    for batch in read_in_order(names(), find, 2):
        passed_on += len(batch)
        assert len(taken) - passed_on <= 3 * 10
    assert passed_on == 200


@pytest.mark.usefixtures("small_parts")
def test_pictures_do_not_wait_for_names() -> None:
    passed_on: list[str | PictureError] = []

    def names() -> Iterator[str | None]:
        for name in files("a", "b", "c", "d", "e"):
            yield name
            if name in "ad":
                yield None
                assert passed_on[-1] == name

    for batch in read_in_order(names(), find, 2):
        passed_on += [name for name, _ in batch]
    assert passed_on == list("abcde")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_slow_picture_keeps_none_before_it(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_WAIT", 0)
    batches = list(read_in_order(files("a", "b", "c", "d"), find, jobs))
    assert [len(batch) for batch in batches] == [1, 1, 1, 1]


@pytest.mark.usefixtures("small_parts")
def test_what_fails_elsewhere_fails_here() -> None:
    names = files(*(f"slow{i}" for i in range(9)), *(f"fault{i}" for i in range(20)))
    with pytest.raises(MemoryError):
        together(read_in_order(names, find, 2))


@pytest.mark.usefixtures("small_parts")
def test_a_process_that_is_killed_is_an_error() -> None:
    names = files(*(f"slow{i}" for i in range(30)))
    found: list[str | PictureError] = []
    with pytest.raises(MnistMlpError, match="was killed") as caught:
        for batch in read_in_order(
            [*names, *files(*(f"slow, killed{i}" for i in range(20)))], find, 2
        ):
            found += [name for name, _ in batch]
    assert caught.value.hint
    assert found == names[: len(found)]


@pytest.mark.parametrize("started", range(6))
@pytest.mark.parametrize("what", ["process", "thread"])
def test_a_system_that_starts_few(what: str, started: int, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name = (os, "fork") if what == "process" else (threading.Thread, "start")
    start = getattr(owner, name)
    left = iter(range(started))

    def refuse(*args: object) -> Any:
        if next(left, None) is None:
            raise BlockingIOError if what == "process" else RuntimeError("can't start new thread")
        return start(*args)

    monkeypatch.setattr(owner, name, refuse)
    names = files(*(f"large{i}" for i in range(9)), size=1 << 20)
    found = together(read_in_order(names, find, 4))
    assert [name for name, _ in found] == names
    processes = {process for _, (_, process) in found}
    assert (processes == {os.getpid()}) == (what == "thread" or started < 4)
    assert multiprocessing.active_children() == []


def test_errors_of_pictures_are_the_same_in_another_process() -> None:
    kinds: list[type[PictureError]] = [PictureError, *PictureError.__subclasses__()]
    assert len(kinds) > 3
    for kind in kinds:
        error = kind("a message", hint="a hint", details=["a detail"])
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is kind
        assert (str(copy), copy.hint, copy.details) == ("a message", "a hint", ("a detail",))


def test_what_is_found_is_written_as_one(pictures: list[str]) -> None:
    read = partial(_read_picture, examine_picture, steps=False)
    found = [read(name) for name in pictures[: readers.MIN_PICTURES]]
    assert len(pickle.dumps(found)) + 200 < select.PIPE_BUF


# --- The command -------------------------------------------------------------


@pytest.fixture
def many(pictures: list[str]) -> list[str]:
    """Names of pictures that keep several processes busy for some time."""
    return pictures * 200


def children(process: "subprocess.Popen[bytes]") -> list[int]:
    """Return the processes that a process has started."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return list(map(int, listed.read_text().split()))


def until_gone(numbers: list[int]) -> None:
    give_up = time.monotonic() + 20
    while any(Path(f"/proc/{number}").exists() for number in numbers):
        assert time.monotonic() < give_up
        time.sleep(0.02)


def busy(process: "subprocess.Popen[bytes]") -> list[int]:
    """Wait until results come and other processes read, and return these."""
    assert process.stdout
    started: list[int] = []
    while not started:
        assert process.stdout.readline()
        started = children(process)
    return started


@pytest.mark.slow
def test_jobs_change_nothing_but_the_time(run: Run, brain: Path, pictures: list[str]) -> None:
    Path("text.png").write_text("a letter")
    names = [*pictures[:5], "none.png", *pictures[5:], "text.png", "."] * 8
    one, three = (
        run("predict", "--brain", brain, "--jobs", jobs, *names, "--json") for jobs in (1, 3)
    )
    assert (one.exit_code, three.exit_code) == (1, 1)
    assert three.stderr == one.stderr
    for each, other in zip(one.stdout.splitlines(), three.stdout.splitlines(), strict=True):
        assert each[:30] == other[:30]
    short = [
        run("predict", "--brain", brain, "--jobs", jobs, *names, "--top", 2).stdout
        for jobs in (1, 3)
    ]
    assert short[0] == short[1]


@pytest.mark.parametrize("jobs", ["0", "-1", "x", "1.5"])
def test_numbers_of_jobs_that_there_are_not(run: Run, brain: Path, jobs: str) -> None:
    result = run("predict", "--brain", brain, "a.png", f"--jobs={jobs}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: invalid value for '--jobs'")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "note"),
    [(signal.SIGINT, 130, b"interrupted\n"), (signal.SIGTERM, 143, b"terminated\n")],
)
@pytest.mark.parametrize("to_all", [False, True])
def test_signals_end_all_processes(
    start: Start,
    brain: Path,
    many: list[str],
    number: signal.Signals,
    code: int,
    note: bytes,
    to_all: bool,
) -> None:
    process = start("predict", "--brain", brain, "--jobs", 3, *many, start_new_session=True)
    others = busy(process)
    if to_all:  # as a terminal does
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (code, note)
    until_gone(others)


@pytest.mark.slow
def test_a_kill_ends_all_processes(start: Start, brain: Path, many: list[str]) -> None:
    process = start("predict", "--brain", brain, "--jobs", 4, *many)
    others = busy(process)
    process.kill()
    _, stderr = process.communicate(timeout=60)
    assert stderr == b""
    until_gone(others)


@pytest.mark.slow
def test_a_process_that_the_system_kills_is_a_line(
    start: Start, brain: Path, many: list[str]
) -> None:
    process = start("predict", "--brain", brain, "--jobs", 2, *many)
    os.kill(busy(process)[0], signal.SIGKILL)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert stderr.decode().splitlines() == [
        "error: a process that reads pictures was killed",
        "hint: --jobs 1 starts no processes and needs less memory",
    ]


def test_a_closed_pipe_ends_all_processes(start: Start, brain: Path, many: list[str]) -> None:
    with start("predict", "--brain", brain, "--jobs", 3, *many) as process:
        others = busy(process)
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.wait(timeout=60) == 141
        assert process.stderr.read() == b""
    until_gone(others)


def test_names_that_come_slowly_are_answered_at_once(
    start: Start, brain: Path, pictures: list[str]
) -> None:
    process = start("predict", "--brain", brain, "--jobs", 2, "--files-from", "-")
    assert process.stdin
    assert process.stdout
    for count in (1, 150, 1, 150, 1):
        names = (pictures * 30)[:count]
        process.stdin.write("".join(f"{name}\n" for name in names).encode())
        process.stdin.flush()
        answers = [process.stdout.readline().decode() for _ in names]
        assert sources("".join(answers)) == names
    assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_processes_that_have_nothing_to_read(
    start: Start, brain: Path, pictures: list[str], number: signal.Signals
) -> None:
    words = ("predict", "--brain", brain, "--jobs", 2, "--files-from", "-")
    process = start(*words, start_new_session=True)
    assert process.stdin
    assert process.stdout
    names = pictures * 10
    process.stdin.write("".join(f"{name}\n" for name in names).encode())
    process.stdin.flush()
    for _ in names:
        process.stdout.readline()
    others = children(process)
    assert len(others) == 2
    os.killpg(process.pid, number)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr.count(b"\n")) == (128 + number, 1)
    until_gone(others)
