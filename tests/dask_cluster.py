"""A Dask cluster on this machine: a scheduler and workers, each a process of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LocalCluster:
    """A scheduler and its workers, which have an empty cache folder.

    They end by themselves should the tests be killed.
    """

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        own = {"XDG_CACHE_HOME": folder / "cache", "DASK_CONFIG": folder / "configuration"}
        self.environment = os.environ | {name: str(path) for name, path in own.items()}
        self.environment.pop("MNISTMLP_DATA_DIR", None)
        words = ["--host", "127.0.0.1", "--port", "0", "--idle-timeout", "300"]
        self.scheduler = self._start("scheduler", *words)
        self.workers = [self.start_worker() for _ in range(workers)]
        while not self.file.exists():
            time.sleep(0.02)
        self.address = str(json.loads(self.file.read_text())["address"])

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """Start a worker, which a nanny would start again when it is killed."""
        words = ["--no-nanny", "--nthreads", "1", "--death-timeout", "30"]
        return self._start("worker", *words, "--local-directory", str(self.folder))

    def replace_worker(self) -> None:
        """Kill a worker, and start another."""
        victim = self.workers.pop(0)
        victim.kill()
        victim.wait()
        self.workers.append(self.start_worker())

    def _start(self, *words: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
        command += ["--scheduler-file", str(self.file)]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)


@contextmanager
def running_cluster(folder: Path, workers: int) -> Iterator[LocalCluster]:
    """Run a cluster within the block."""
    cluster = LocalCluster(folder, workers)
    try:
        yield cluster
    finally:
        for process in (*cluster.workers, cluster.scheduler):
            process.kill()
            process.wait()
