"""Data for the tests: real MNIST if it is available, and a small set made here."""

from __future__ import annotations

import functools
import os
import shutil
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import typer.main
import typer.testing

from mnistmlp.arrays import Bytes
from mnistmlp.blas import BLAS_THREADS, limited_threads, usable_cores
from mnistmlp.brains.file import write_brain
from mnistmlp.brains.meta import Meta
from mnistmlp.core.network import Network
from mnistmlp.data import download, web
from mnistmlp.data.catalog import SPLITS, Split
from mnistmlp.data.folder import default_folder, missing_files
from mnistmlp.data.idx import write_idx
from mnistmlp.data.web import CA_VARIABLES
from tests.dask_cluster import LocalCluster, running_cluster
from tests.faulty_server import Mirror, serving
from tests.postgresql import Server, find_programs, serving as serving_postgresql

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType

few_steps = pytest.mark.filterwarnings(  # for runs that are too short to learn anything
    "ignore:(no better than guessing|the loss has not fallen)"
)
needs_fifos = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
SHARED = Path(__file__).parents[2] / "shared"  # beside the checkout
GIVEN_FOLDER = os.environ.get("MNISTMLP_DATA_DIR")


POSIX_ONLY = [  # these import what Windows lacks: terminals, limits, signals
    "brains/test_cluster.py",
    *(f"cli/{name}" for name in ("convert/test_convert.py", "predict/test_predict.py")),
    *(f"cli/test_{name}.py" for name in ("completion", "console", "data", "download")),
    *(f"cli/test_{name}.py" for name in ("help", "interrupt", "limits")),
    *(f"cli/train/test_{name}.py" for name in ("kill", "lock", "members", "progress")),
    *("cli/tune/test_tune.py", "cli/watch/test_watch.py", "data/test_folder.py"),
]
collect_ignore = POSIX_ONLY if sys.platform == "win32" else []

SLOW = {"chromium", "postgresql", "workers"}  # fixtures: a browser, a database server, a cluster
left_out = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what needs a browser, a database server or a cluster."""
    for item in items:
        if SLOW & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count the tests that are not run, as pytest does; pytest-xdist would not say it."""
    if items:
        stash = items[0].config.stash
        stash[left_out] = stash.get(left_out, 0) + len(items)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that reports how many tests this one has left out."""
    if output := getattr(session.config, "workeroutput", None):
        output["left_out"] = session.config.stash.get(left_out, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Receive it: each process has collected all tests."""
    node.config.stash[left_out] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say how many tests were not run (pytest-xdist would not)."""
    count = config.stash.get(left_out, 0)
    if count and config.getoption("numprocesses", None):
        terminalreporter.write_line(f"{count} tests were not selected; make test-all runs all")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes run tests: more than cores, as half the time they wait."""
    return usable_cores() + 1


@pytest.fixture(autouse=True, scope="session")
def _one_thread_of_blas() -> Iterator[None]:
    """Compute as the command line does, to the last bit, and fast on a busy machine."""
    with limited_threads(BLAS_THREADS):
        yield


@pytest.fixture(autouse=True, scope="session")
def _program_made_once() -> Iterator[None]:
    """Keep Typer's runner from making all options anew for each command that a test runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run each test in a folder of its own, with no settings or cache of the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("MNISTMLP_DATA_DIR", "FORCE_COLOR", "NO_COLOR", *CA_VARIABLES):
        monkeypatch.delenv(name, raising=False)


def _require(folder: Path | None, reason: str) -> Path:
    """Return the folder; without it the test is skipped, or fails in CI."""
    if folder:
        return folder
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def mnist() -> Path:
    """A folder with the real MNIST files."""
    given = [Path(GIVEN_FOLDER)] if GIVEN_FOLDER else []
    folders = [*given, SHARED / "mnist", default_folder()]
    found = next((folder.resolve() for folder in folders if not missing_files(folder)), None)
    return _require(found, "needs MNIST: mnistmlp download, or set MNISTMLP_DATA_DIR")


@pytest.fixture(scope="session")
def handwriting() -> Path:
    """A folder with real pictures of digits, and ``labels.csv``."""
    folder = SHARED / "handwriting"
    return _require(folder if folder.is_dir() else None, f"needs pictures in {folder}")


@pytest.fixture(scope="session")
def numbers() -> Path:
    """A folder with real pictures of several digits, and ``labels.csv``."""
    folder = SHARED / "numbers"
    return _require(folder if folder.is_dir() else None, f"needs pictures in {folder}")


@pytest.fixture(scope="session")
def cases() -> Path:
    """A folder with small pictures that went wrong, by kind."""
    folder = SHARED / "cases"
    return _require(folder if folder.is_dir() else None, f"needs pictures in {folder}")


def save_brain(path: Path, network: Network, raw: dict[str, Any]) -> None:
    """Write a brain file with this `meta`."""
    write_brain(path, network, Meta.parse(raw, path))


def peak_memory(action: Callable[[], object]) -> int:
    """Return the most bytes that Python and NumPy allocate at once in an action."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def names(folder: str = ".") -> list[str]:
    """Return the names in a folder, in order, but for the cache folder of this test."""
    return sorted(path.name for path in Path(folder).iterdir() if path.name != "cache")


def blobs(size: int, seed: int) -> tuple[Bytes, Bytes]:
    """Make images that a network can learn: a bright square whose place is the digit."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (size, 28, 28), np.uint8)
    labels = rng.integers(0, 10, size, np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label), 4)
        top, left = 2 + 8 * row + rng.integers(3), 1 + 7 * column + rng.integers(2)
        image[top : top + 5, left : left + 5] = rng.integers(150, 256)
    return images, labels


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small data set of the MNIST layout: 1,200 and 300 images."""
    folder = tmp_path_factory.mktemp("small")
    sets: list[tuple[Split, int, int]] = [("train", 1200, 1), ("test", 300, 2)]
    for split, size, seed in sets:
        for file, array in zip(SPLITS[split], blobs(size, seed), strict=True):
            write_idx(folder / file.name, array)
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[BrowserType]:
    """Playwright's launcher for Debian's Chromium; without it, skip the test, or fail in CI."""
    from playwright.sync_api import sync_playwright  # only needed here

    found = shutil.which("chromium")
    _require(Path(found) if found else None, "needs a browser: apt-get install chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="session")
def browser(chromium: BrowserType) -> Iterator[Browser]:
    """A browser without a camera."""
    from tests.browser import launch

    with launch(chromium) as browser:
        yield browser


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server; without its programs, skip the test, or fail in CI."""
    reason = "needs PostgreSQL: apt-get install postgresql"
    with serving_postgresql(_require(find_programs(), reason)) as server:
        yield server


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    """A web server that answers as it is told."""
    with serving() as each:
        yield each


@pytest.fixture
def second() -> Iterator[Mirror]:
    """Another one."""
    with serving() as each:
        yield each


@pytest.fixture
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a download that gets nothing end soon."""
    for name in ("CONNECT_TIMEOUT", "ANSWER_TIMEOUT", "READ_TIMEOUT"):
        monkeypatch.setattr(web, name, 0.4)
    monkeypatch.setattr(web, "RATE_WINDOW", 0.3)
    monkeypatch.setattr(web, "MIN_RATE", 100)
    monkeypatch.setattr(download, "PAUSES", (0.0, 0.0))


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A Dask cluster of two workers, whose cache folder is empty."""
    with running_cluster(tmp_path_factory.mktemp("dask"), workers=2) as cluster:
        yield cluster
