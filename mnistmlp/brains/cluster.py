"""Training the members of a committee on a Dask cluster.

Dask gets the name of `train_member` with text and bytes, and returns bytes and
text.  Scheduler and workers import that function from the version of this package
installed there.
"""

from __future__ import annotations

import asyncio
import json
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.brains.brain import Brain
from mnistmlp.brains.provenance import Provenance
from mnistmlp.brains.remote import (
    check_version,
    pack_data,
    read_brain_bytes,
    train_member,
)
from mnistmlp.data.datasets import Dataset
from mnistmlp.errors import (
    ClusterError,
    MissingDataError,
    MnistMlpError,
    find_root,
    needs_extra,
)
from mnistmlp.training.state import EpochReport, parse_report
from mnistmlp.version import __version__

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_TIMEOUT = 10.0  # seconds within which a scheduler must answer
WORKER_TIMEOUT = 300.0  # seconds to wait for a worker, at the start and after the last one is lost
LOOK = 5.0  # seconds between checks for workers
TLS_HINT = "set the certificates in Dask's configuration, under distributed.comm.tls"


@dataclass(frozen=True)
class Trained:
    """What a worker returns for a member."""

    content: bytes  # of the brain file
    brain: Brain
    reports: list[EpochReport]
    seconds: float


Outcome = Trained | MnistMlpError


@contextmanager
def connect(address: str) -> Iterator[Cluster]:
    """Connect to a Dask scheduler; at the end, tasks that have not begun are cancelled.

    Parameters
    ----------
    address : str
        Such as ``tcp://host:8786``.  For ``tls://``, the certificates come from Dask's
        configuration.

    Raises
    ------
    MissingExtraError
        If Dask is not installed.
    ClusterError
        If no scheduler answers within `CONNECT_TIMEOUT`.
    """
    with needs_extra("cluster"):
        import distributed
    try:
        # first, because a failing Client never ends, and waits longer than it should
        kind = distributed.utils.LoopRunner().run_sync(_ask_kind, address)
        if kind != "Scheduler":
            raise ClusterError(f"{address}: a {kind.lower()}, not a scheduler")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of differing versions: the brains record them
            client = distributed.Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except ClusterError:
        raise
    except Exception as error:  # of many kinds: from sockets, TLS, or whatever answers
        raise _no_answer(address, error) from None
    try:
        yield Cluster(client, address)
    except distributed.comm.CommClosedError:
        raise _lost_scheduler(address) from None
    finally:
        with suppress(Exception):  # the scheduler may be gone
            client.close(timeout=CONNECT_TIMEOUT)


async def _ask_kind(address: str) -> str:
    """Return what answers at an address: a Scheduler, a Worker or a Nanny."""
    import distributed
    from distributed.security import Security

    arguments = Security().get_connection_args("client")
    patience = 0.8 * CONNECT_TIMEOUT  # shorter than the total, to learn the reason
    async with (
        asyncio.timeout(CONNECT_TIMEOUT),
        distributed.rpc(address, timeout=patience, connection_args=arguments) as server,
    ):
        return str((await server.identity())["type"])


def _no_answer(address: str, error: BaseException) -> ClusterError:
    root = find_root(error)
    if isinstance(root, TimeoutError | asyncio.CancelledError):
        return ClusterError(
            f"{address}: no answer from a scheduler within {CONNECT_TIMEOUT:g} seconds"
        )
    if isinstance(root, MemoryError):  # for a message whose length is made of other words
        return ClusterError(f"{address}: what answers there is no scheduler")
    hint = TLS_HINT if address.startswith("tls") else None
    return ClusterError(f"{address}: no answer from a scheduler: {_in_one_line(root)}", hint=hint)


def _in_one_line(error: BaseException) -> str:
    """Return the type of an exception and the first line of its message."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


class Cluster:
    """A connected Dask cluster."""

    def __init__(self, client: Client, address: str) -> None:
        self.client = client
        self.address = address

    def count_threads(self) -> int:
        """Return how many members are trained at once."""
        return sum(self.client.nthreads().values())

    def wait_for_worker(self) -> None:
        """Wait until there is a worker.

        Raises
        ------
        ClusterError
            If none appears within `WORKER_TIMEOUT`.
        """
        try:
            self.client.wait_for_workers(1, timeout=WORKER_TIMEOUT)
        except TimeoutError:
            raise self._lacks_workers() from None

    def _lacks_workers(self) -> ClusterError:
        message = f"{self.address}: no worker for {WORKER_TIMEOUT:g} seconds"
        return ClusterError(message, hint=f"dask worker {self.address}")

    def check_versions(self) -> None:
        """Check that the scheduler and its workers have this version of this package.

        Raises
        ------
        ClusterError
            With the address of one that does not.
        """
        try:
            self.client.run_on_scheduler(check_version, __version__)
        except (ClusterError, ImportError) as error:
            found = {self.address: error}
        else:
            found = self.client.run(check_version, __version__, on_error="return")
        for each, fault in found.items():
            if fault:
                raise _wrong_version(f"{each}: {_describe(fault)}")

    def train(
        self,
        members: Mapping[int, Provenance],
        data: Dataset,
        *,
        data_dir: Path | None = None,
        threads: int = 1,
        initial: bytes | None = None,
    ) -> Iterator[tuple[int, Outcome]]:
        """Train members; yield the seed and the outcome of each as it ends.

        Parameters
        ----------
        members : mapping of Provenance, by seed
            With the data set.
        data : Dataset
            Sent once to each worker if one of them does not have it.
        data_dir : Path, optional
            Folder in which they look for it first.
        threads : int
            Of each member.
        initial : bytes, optional
            The brain file to start from.

        Raises
        ------
        ClusterError
            If the scheduler or all workers are lost.
        """
        place = str(data_dir.absolute()) if data_dir else None
        start = self._share(initial) if initial else None
        packed: Future | None = None

        def submit(seed: int) -> Future:
            planned = json.dumps(members[seed].as_dict())
            given = planned, place, threads, packed, start
            return self.client.submit(train_member, *given, priority=-seed)

        running = {submit(seed): seed for seed in members}
        lacking = set[int]()  # whose first worker lacked the data
        while running:
            for future in self._wait(running):
                seed, outcome = running.pop(future), self._collect(future)
                if isinstance(outcome, MissingDataError) and seed not in lacking:
                    lacking.add(seed)
                    packed = packed or self._share(pack_data(data))
                    running[submit(seed)] = seed
                else:
                    yield seed, outcome

    def _share(self, content: bytes) -> Future:
        """Make bytes available to tasks: each worker that needs them fetches them once.

        They are the result of a task, which the scheduler can repeat if the workers
        that hold them are lost; scattered data would be lost with them.
        """
        import dask

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
            return self.client.submit(bytes, content)

    def _wait(self, running: Iterable[Future]) -> Iterable[Future]:
        """Wait until some members have ended, and return them."""
        import distributed

        seen = time.monotonic()
        while True:
            try:
                with self.client.as_current():
                    ended = distributed.wait(list(running), LOOK, "FIRST_COMPLETED")
                return list(ended.done)
            except TimeoutError:
                if self.count_threads():
                    seen = time.monotonic()
                elif time.monotonic() - seen > WORKER_TIMEOUT:
                    raise self._lacks_workers() from None
            except CancelledError:
                raise _lost_scheduler(self.address) from None

    def _collect(self, future: Future) -> Outcome:
        """Return the outcome of a member that has ended."""
        import distributed

        try:
            return _read_trained(*future.result())
        except CancelledError:
            raise _lost_scheduler(self.address) from None
        except ClusterError as error:  # from a worker that joined after `check_versions`
            raise _wrong_version(f"{self.address}: a worker {error}") from None
        except MnistMlpError as error:
            return error
        except distributed.KilledWorker as error:
            lost = f"{error.allowed_failures + 1} workers were lost while training it"
            return ClusterError(
                lost, hint="if they ran out of memory, use fewer threads per worker"
            )
        except Exception as error:  # a worker may raise anything
            return ClusterError(_in_one_line(error))


def _wrong_version(message: str) -> ClusterError:
    needed = f"install mnistmlp {__version__} with its extra cluster"
    return ClusterError(message, hint=f"{needed} on the scheduler and on all workers")


def _lost_scheduler(address: str) -> ClusterError:
    message = f"{address}: the connection to the scheduler is lost"
    return ClusterError(message, hint="run the same command again to train the missing brains")


def _describe(fault: Exception) -> str:
    """Say why `check_version` failed."""
    if isinstance(fault, ClusterError):
        return str(fault)
    return f"cannot run mnistmlp: {_in_one_line(fault)}"


def _read_trained(content: bytes, log: str) -> Trained:
    """Read what `train_member` returns."""
    told = json.loads(log)
    reports = [parse_report(each, n) for n, each in enumerate(told["history"], start=1)]
    return Trained(content, read_brain_bytes(content), reports, float(told["seconds"]))
