"""A PostgreSQL server for the tests, in a folder and under a port of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

with contextlib.suppress(ImportError):  # Windows
    import pwd

USER = "tester"
NEEDED = ("initdb", "postgres", "pg_isready")
FAST = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=16MB"]


def find_programs() -> Path | None:
    """Return the folder with PostgreSQL's programs, which Debian keeps off the PATH."""
    found = shutil.which("initdb")
    folders = [*([Path(found).parent] if found else []), *Path("/usr/lib/postgresql").glob("*/bin")]
    return next((each for each in folders if all((each / name).exists() for name in NEEDED)), None)


class Server:
    """A server that can be stopped and started again."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self.password = secrets.token_hex(8)
        self.user = _unprivileged_user()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of its database, with the password."""
        return self.url_with(self.password)

    def url_with(self, password: str | None) -> str:
        """Return the address of its database, with another password or none."""
        user = USER if password is None else f"{USER}:{password}"
        return f"postgresql://{user}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Make the database."""
        secret = self.folder / "password"
        secret.write_text(self.password)
        if self.user:
            owner = pwd.getpwnam(self.user)
            for path in (self.folder, secret):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        words = ["--auth=scram-sha-256", "--no-sync", f"--username={USER}", f"--pwfile={secret}"]
        self._start("initdb", *words, "--pgdata", self.folder / "data").wait()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = ["-D", self.folder / "data", "-k", self.folder, "-h", "127.0.0.1", *FAST]
        self.process = self._start("postgres", *words, "-p", self.port)
        probe = str(self.programs / "pg_isready")
        ready = [probe, "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + 60
        while subprocess.run(ready, check=False).returncode:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once, so that its connections are lost."""
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
            self.process = None

    def clear(self) -> None:
        """Remove all tables."""
        import psycopg  # only needed here

        with psycopg.connect(self.url) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")

    def _start(self, program: str, *words: object) -> subprocess.Popen[bytes]:
        command = [str(self.programs / program), *map(str, words)]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command, user=self.user, cwd="/", stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )


def _unprivileged_user() -> str | None:
    """Return a user to run as, if this one is root, which PostgreSQL refuses."""
    if os.geteuid():
        return None
    names = {each.pw_name for each in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@contextlib.contextmanager
def serving(programs: Path) -> Iterator[Server]:
    """Run a server within the block."""
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)  # for the other user; pytest's own folders are closed to it
        server = Server(programs, Path(name))
        try:
            server.make()
            server.start()
            yield server
        finally:
            server.stop()
