import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, wait

import numpy as np
import pytest

from mnistmlp import workers as module
from mnistmlp.workers import PERIOD, TRIALS, Workers


@pytest.fixture(params=[1, 2, 3])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    with Workers(request.param) as each:
        yield each


def thread_count() -> int:
    return sum(each.name.startswith("mnistmlp") for each in threading.enumerate())


@pytest.mark.parametrize("size", [0, 1, 2, 100])
def test_every_item_is_worked_on_once(workers: Workers, size: int) -> None:
    done = np.zeros(size, int)

    def work(start: int, stop: int) -> None:
        done[start:stop] += 1

    for _ in range(20):
        workers.run(work, [(i, i + 1) for i in range(size)])
    assert (done == 20).all()


def test_the_caller_and_the_helpers_share_the_work() -> None:
    barrier, seen = threading.Barrier(3, timeout=30), set()

    def work() -> None:
        barrier.wait()  # passes only if three threads are here
        seen.add(threading.get_ident())

    with Workers(3) as workers:
        workers.run(work, [(), (), ()])
        assert len(seen) == 3
        assert threading.get_ident() in seen


def test_a_thread_that_comes_too_late_for_the_last_item_stops() -> None:
    class Taken(deque[tuple[int]]):
        def popleft(self) -> tuple[int]:
            self.clear()
            return super().popleft()

    done: list[int] = []
    module._work_off(done.append, Taken([(1,)]))
    assert done == []


def test_one_worker_starts_no_thread() -> None:
    before = thread_count()
    with Workers(1) as workers:
        workers.run(lambda: None, [()] * 9)
        assert thread_count() == before


def test_threads_end_with_the_block() -> None:
    with Workers(3) as workers:
        workers.run(lambda: None, [()] * 9)
        assert thread_count() >= 1
    assert thread_count() == 0


def test_an_error_ends_the_work_and_is_raised(workers: Workers) -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number == 3:
            raise IndexError("from within")
        done.append(number)

    with pytest.raises(IndexError, match="from within"):
        workers.run(work, [(number,) for number in range(1000)])
    workers.run(work, [(7,)] * 5)
    assert done[-5:] == [7] * 5


def test_nobody_is_at_work_after_an_interrupt() -> None:
    busy, caller = threading.Semaphore(0), threading.get_ident()
    finished: list[bool] = []

    def work() -> None:
        if threading.get_ident() == caller:
            busy.acquire()  # until a helper is in the middle of an item
            raise KeyboardInterrupt
        busy.release()
        np.sort(np.random.default_rng(0).random(200_000))
        finished.append(True)

    with Workers(2) as workers:
        with pytest.raises(KeyboardInterrupt):
            workers.run(work, [()] * 1000)
        assert 0 < len(finished) < 10
        before = len(finished)
        np.sort(np.random.default_rng(0).random(2_000_000))  # time enough for many more
        assert len(finished) == before


def test_an_interrupt_while_it_waits_leaves_nobody_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released, caller, waits = threading.Event(), threading.get_ident(), []
    started, finished = threading.Event(), []

    def work() -> None:
        if threading.get_ident() == caller:
            started.wait(30)  # so that a helper has the other item
        else:
            started.set()
            released.wait(30)
            finished.append(True)

    def interrupted_wait(futures: list[Future[None]]) -> None:
        waits.append(futures)
        if len(waits) == 1:
            raise KeyboardInterrupt
        released.set()
        wait(futures)

    monkeypatch.setattr(module, "wait", interrupted_wait)
    with Workers(2) as workers:
        with pytest.raises(KeyboardInterrupt):
            workers.run(work, [(), ()])
        assert finished == [True]


def test_what_numpy_is_to_ignore_holds_for_every_thread(workers: Workers) -> None:
    large = np.full(8, 3e38, np.float32)
    with np.errstate(over="ignore"):
        workers.run(lambda: np.add(large, large), [()] * 9)
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        workers.run(lambda: np.add(large, large), [()] * 9)


@pytest.mark.parametrize("allowed", [0, 1])
def test_work_is_done_where_the_system_starts_no_thread(
    monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    started, start = [], threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        started.append(thread)
        if len(started) > allowed:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done = np.zeros(100, int)

    def work(item: int) -> None:
        done[item] += 1

    with Workers(3) as workers:
        for _ in range(8):
            workers.run(work, [(item,) for item in range(100)])
        assert workers.count == 1
    assert (done == 8).all()
    assert len(started) == allowed + 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_fork_has_threads_of_its_own() -> None:
    with Workers(2) as workers:
        workers.run(lambda: None, [()] * 9)
        child = os.fork()
        if child == 0:
            signal.alarm(20)  # ends it, should it hang
            done: list[int] = []
            for _ in range(2 * TRIALS):  # shared and alone
                workers.run(done.append, [(number,) for number in range(9)])
            os._exit(0 if sorted(done) == sorted(2 * TRIALS * list(range(9))) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(("seconds", "expected"), [(0.5, PERIOD - TRIALS), (1.5, TRIALS)])
def test_work_is_shared_only_where_that_is_faster(
    monkeypatch: pytest.MonkeyPatch, seconds: float, expected: int
) -> None:
    clock, shared = [0.0], []

    def share(*args: object) -> None:
        clock[0] += seconds
        shared.append(args)

    def work() -> None:
        clock[0] += 0.1

    monkeypatch.setattr(module, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(Workers, "_share", share)
    with Workers(2) as workers:
        for _ in range(3 * PERIOD):
            workers.run(work, [()] * 10)  # a second alone
    assert len(shared) == 3 * expected


def test_what_was_faster_once_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, shared, seconds = [0.0], [0], [0.5]

    def share(*args: object) -> None:
        clock[0] += seconds[0]
        shared[0] += 1

    def work() -> None:
        clock[0] += 0.1

    monkeypatch.setattr(module, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(Workers, "_share", share)
    with Workers(2) as workers:
        for seconds[0], expected in ((0.5, PERIOD - TRIALS), (1.5, TRIALS), (0.5, PERIOD - TRIALS)):
            shared[0] = 0
            for _ in range(PERIOD):
                workers.run(work, [()] * 10)  # a second alone
            assert shared == [expected]


def test_each_kind_of_work_is_tried_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, shared = [0.0], []

    def share(workers: Workers, work: object, items: list[tuple[float]], helpers: int) -> None:
        clock[0] += 1
        shared.append(items[0])

    def work(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr(module, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(Workers, "_share", share)
    with Workers(2) as workers:
        for _ in range(PERIOD):
            for kind, seconds in (("long", 0.9), ("short", 0.1)):
                workers.run(work, [(seconds,)] * 2, kind=kind)  # alone it takes 1.8 s, or 0.2
    assert shared.count((0.9,)) == PERIOD - TRIALS
    assert shared.count((0.1,)) == TRIALS


def test_work_alone_may_be_done_in_one_piece() -> None:
    done: list[str] = []
    with Workers(1) as workers:
        workers.run(lambda: done.append("part"), [()] * 2, alone=lambda: done.append("whole"))
    assert done == ["whole"]
