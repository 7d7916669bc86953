import os
import resource
import signal
import stat
import time
from pathlib import Path

import pytest

from mnistmlp.data.catalog import MNIST
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.record import RECORD
from tests.cli.conftest import Run, Start
from tests.conftest import names
from tests.faulty_server import Answer, Mirror


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_no_mirror(run: Run) -> None:
    gone = Path("gone").resolve().as_uri()
    result = run("download", "--mirror", gone, "--mirror", "http://127.0.0.1:1", "--data-dir", "d")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "error: train-images-idx3-ubyte.gz: could not be downloaded from any mirror",
        f"  {gone}: no such file",
        "  http://127.0.0.1:1: connection refused",
        "hint: put train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
        "t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz into d by hand, "
        "or name a folder that has them: --data-dir DIR or MNISTMLP_DATA_DIR=DIR; "
        "or use the built-in digits: --dataset synthetic",
    ]
    assert names() == []


def test_a_mirror_that_fails_is_named(run: Run, mnist: Path) -> None:
    gone = Path("gone").resolve().as_uri()
    words = ["download", "--mirror", gone, "--mirror", mnist.as_uri(), "--data-dir", "d"]
    first, *rest = run(*words).stderr.splitlines()
    assert first == (
        f"train-images-idx3-ubyte: a mirror failed; trying the next: {gone}: no such file"
    )
    assert [line.rpartition(": ")[2] for line in rest] == ["fetched and verified"] * 4


def test_a_mirror_that_is_not_a_url(run: Run) -> None:
    result = run("download", "--mirror", "ftp://127.0.0.1", "--data-dir", "d")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: --mirror: 'ftp://127.0.0.1' is not")


def test_real_files_are_fetched_once(run: Run, mnist: Path) -> None:
    result = run("download", "--mirror", mnist.as_uri())
    assert result.exit_code == 0
    folder = Path("cache/mnistmlp/mnist").resolve()
    assert result.stdout == f"{folder}\n"
    assert [line.split(": ") for line in result.stderr.splitlines()] == [
        [name, "fetched and verified"]
        for name in (
            "train-images-idx3-ubyte", "train-labels-idx1-ubyte",
            "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
        )
    ]  # fmt: skip
    before = snapshot(folder)
    again = run("download", "--mirror", "http://127.0.0.1:1")
    assert again.exit_code == 0
    assert again.stderr.count("exists, verified") == 4
    assert snapshot(folder) == before


def test_a_folder_of_compressed_files_is_only_read(run: Run, mnist: Path, brain: Path) -> None:
    before = snapshot(mnist)
    assert run("download", "--data-dir", mnist, "--quiet").stdout == f"{mnist}\n"
    assert run("predict", "--brain", brain, "--data-dir", mnist, "--index", 42).exit_code == 0
    assert run("evaluate", "--data-dir", mnist, brain).exit_code == 0
    assert snapshot(mnist) == before


def test_files_have_the_users_permissions(run: Run, mnist: Path) -> None:
    old = os.umask(0o027)
    try:
        run("download", "--mirror", mnist.as_uri(), "--data-dir", "d")
    finally:
        os.umask(old)
    mode = Path("d/t10k-labels-idx1-ubyte").stat().st_mode
    assert stat.S_IMODE(mode) == 0o640


@pytest.fixture
def web(mirror: Mirror, mnist: Path) -> Mirror:
    """A web server that has the real files."""
    for path in mnist.iterdir():
        name = path.name.replace(".idx", "-idx").removesuffix(".gz")
        mirror.by_path[f"/data/{name}.gz"] = Answer(path.read_bytes(), ranges=True)
    return mirror


def test_two_processes_at_once(web: Mirror, start: Start) -> None:
    both = [start("download", "--mirror", web.url, "--data-dir", "d") for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (0, b"d\n"), err
    assert names("d") == sorted([RECORD, *(file.name for file in MNIST)])
    for split in ("train", "test"):
        assert load_dataset(Path("d"), split).name == "mnist"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_nothing(
    mirror: Mirror, start: Start, number: int, code: int
) -> None:
    mirror.answer(b"\x1f", cut=1, stalls=True, Content_Length="9")
    process = start("download", "--mirror", mirror.url, "--data-dir", "d")
    while not mirror.asked:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (code, b"")
    assert b"Traceback" not in err
    assert names() == []


def test_a_full_disk(web: Mirror, start: Start) -> None:
    """A limit on file sizes, which works for every user, stands in for a full disk."""
    limit = (1 << 20, resource.RLIM_INFINITY)
    process = start(
        *("download", "--mirror", web.url, "--data-dir", "d"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, b"")
    assert err.decode().splitlines() == [
        "error: d/train-images-idx3-ubyte: cannot be written: file too large",
        "hint: use another folder: mnistmlp download --data-dir DIR, then --data-dir DIR",
    ]
    assert names("d") == []


def test_a_read_only_folder(run: Run) -> None:
    result = run("download", "--mirror", "http://127.0.0.1:1", "--data-dir", "/proc/d")
    assert (result.exit_code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: /proc/d/train-images-idx3-ubyte: cannot be written: ")
    assert hint.startswith("hint: use another folder: ")
