"""Members that the workers of a Dask cluster train."""

import json
import shutil
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from distributed.comm import CommClosedError

from mnistmlp.brains import cluster as brains_cluster, remote
from mnistmlp.brains.cluster import Trained, connect
from mnistmlp.brains.provenance import Provenance
from mnistmlp.brains.remote import pack_data, read_brain_bytes, train_member
from mnistmlp.brains.train import plan_run
from mnistmlp.data.datasets import Dataset, load_dataset
from mnistmlp.errors import BrainError, ClusterError, DataError, DivergenceError, MissingDataError
from mnistmlp.training.learning_rates import override
from mnistmlp.training.recipes import Recipe
from mnistmlp.version import __version__
from tests.dask_cluster import LocalCluster, running_cluster


@pytest.fixture
def data(small: Path) -> Dataset:
    return load_dataset(small, "train")


def members(data: Dataset, count: int, epochs: int) -> dict[int, Provenance]:
    recipe = Recipe(hidden=(8,), epochs=epochs, validation=200)
    plan = plan_run(recipe, 0, init=None, synthetic=0.0, prune=0.0, half=False)
    plan = replace(plan, dataset={"name": data.name, "digests": data.digests})
    return {seed: replace(plan, seed=seed) for seed in range(count)}


def train_here(members: Mapping[int, Provenance], data: Dataset) -> dict[int, bytes]:
    packed = pack_data(data)
    return {
        seed: train_member(json.dumps(each.as_dict()), None, 1, packed)[0]
        for seed, each in members.items()
    }


def count_lost(client: Any) -> int:
    """Return how many members have been lost with their workers, so far."""

    def look(dask_scheduler: Any) -> int:
        return int(dask_scheduler.task_prefixes["train_member"].suspicious)

    return int(client.run_on_scheduler(look))


def test_a_worker_is_killed_and_another_comes(workers: LocalCluster, data: Dataset) -> None:
    planned, found = members(data, 6, epochs=40), dict[int, bytes]()
    with connect(workers.address) as cluster:
        cluster.client.wait_for_workers(2)
        for seed, outcome in cluster.train(planned, data):
            if not found:
                workers.replace_worker()
            assert isinstance(outcome, Trained)
            found[seed] = outcome.content
        assert count_lost(cluster.client) > 0
    assert found == train_here(planned, data)


def test_what_no_worker_can_train(workers: LocalCluster, data: Dataset) -> None:
    planned = members(data, 2, epochs=1)
    settings = {"learning_rate": 1e30, "activation": "relu", "loss": "cross-entropy"}
    diverging = override(planned[0].recipe, settings)
    planned[0] = replace(planned[0], recipe=diverging)
    with connect(workers.address) as cluster:
        outcomes = dict(cluster.train(planned, data))
    assert isinstance(outcomes[0], DivergenceError)
    assert outcomes[0].learning_rate == 1e30
    assert isinstance(outcomes[1], Trained)


def test_a_worker_looks_for_the_data(data: Dataset, small: Path, tmp_path: Path) -> None:
    (planned,) = members(data, 1, epochs=1).values()
    text, packed = json.dumps(planned.as_dict()), pack_data(data)
    sent = train_member(text, None, 1, packed)
    assert train_member(text, str(small), 1)[0] == sent[0]
    named = replace(planned, class_names=list("abcdefghij"))
    meta = read_brain_bytes(train_member(json.dumps(named.as_dict()), None, 1, packed)[0]).meta
    assert meta
    assert meta.raw["class_names"] == list("abcdefghij")
    remote._find_data.cache_clear()
    with pytest.raises(MissingDataError):
        train_member(text, None, 1)
    shutil.copytree(small, tmp_path / "other")
    (labels,) = (tmp_path / "other").glob("train-labels*")
    labels.write_bytes(labels.read_bytes()[:-1] + b"\1")
    with pytest.raises(MissingDataError):
        train_member(text, str(tmp_path / "other"), 1)
    other = replace(planned, dataset={**planned.dataset, "digests": {labels.name: "0" * 64}})
    with pytest.raises(DataError, match="trained on other data"):
        train_member(json.dumps(other.as_dict()), None, 1, packed)


def test_a_worker_of_another_version(
    workers: LocalCluster, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = f"has mnistmlp {__version__}, not 9.9"
    (planned,) = members(data, 1, epochs=1).values()
    planned = replace(planned, versions={**planned.versions, "mnistmlp": "9.9"})
    monkeypatch.setattr(brains_cluster, "__version__", "9.9")
    with connect(workers.address) as cluster:
        with pytest.raises(ClusterError) as caught:
            cluster.check_versions()
        assert str(caught.value) == f"{workers.address}: {found}"
        assert str(caught.value.hint).startswith("install mnistmlp 9.9 with its extra cluster on ")
        with pytest.raises(ClusterError) as caught:
            next(cluster.train({0: planned}, data))
        assert str(caught.value) == f"{workers.address}: a worker {found}"  # that came later


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"\x80\x04N."], ids=["no", "zip", "pickle"])
def test_bytes_that_are_no_brain(content: bytes) -> None:
    with pytest.raises(BrainError) as caught:
        read_brain_bytes(content)
    assert str(caught.value).startswith("not a brain file")


@contextmanager
def greeting(words: bytes) -> Iterator[str]:
    """Run a server that says something at once; yield its address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(words)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_server_that_speaks_otherwise() -> None:
    with (
        greeting(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9) as address,
        pytest.raises(ClusterError) as caught,
        connect(address),
    ):
        pass
    assert str(caught.value) == f"{address}: what answers there is no scheduler"


@pytest.fixture
def silent() -> Iterator[str]:
    """Return the address of a server that takes connections, and does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def test_addresses_without_a_scheduler(
    workers: LocalCluster, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brains_cluster, "CONNECT_TIMEOUT", 0.5)
    without_certificates = workers.address.replace("tcp", "tls")
    for address, problem in {
        "tcp://127.0.0.1:9": "no answer from a scheduler",
        silent: "no answer from a scheduler within 0.5 seconds",
        without_certificates: "no answer from a scheduler: TypeError: TLS expects",
    }.items():
        with pytest.raises(ClusterError) as caught, connect(address):
            pass
        assert str(caught.value).startswith(f"{address}: {problem}")
        assert "\n" not in str(caught.value)


def test_a_call_of_a_scheduler_that_has_gone(workers: LocalCluster) -> None:
    lost = "the connection to the scheduler is lost"
    with pytest.raises(ClusterError, match=lost), connect(workers.address):
        raise CommClosedError  # Dask calls again for 10 seconds before it raises this


def test_a_cluster_without_workers(
    tmp_path: Path, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brains_cluster, "WORKER_TIMEOUT", 0.1)
    monkeypatch.setattr(brains_cluster, "LOOK", 0.1)
    planned = members(data, 1, epochs=1)
    with running_cluster(tmp_path, workers=0) as lonely, connect(lonely.address) as cluster:
        with pytest.raises(ClusterError, match="no worker for"):
            cluster.wait_for_worker()
        with pytest.raises(ClusterError, match="no worker for"):
            next(cluster.train(planned, data))
        ending = cluster.train(planned, data)
        lonely.scheduler.kill()
        with pytest.raises(ClusterError, match="the connection to the scheduler is lost"):
            next(ending)
