"""Run the program on many thousands of hostile files, and report what it made of them.

Each case is a file of one format, made by hand or damaged at random, and a
command that reads it; the seed and the number of a case say all of it.  It runs
through the command line's own entry, many cases in a process, with 2 GB of
address space; every `SAMPLE`th as a process of its own.  It is to end with 0,
or with 1, one error line, no output and nothing written: no traceback, no
warning, no control character, no more than `MEMORY`, no hang.  Then files that
grow must not take more time than in proportion.

    python -m tests.soak.hostile_files --cases 20000 --seed 0
    python -m tests.soak.hostile_files --only 1234 --seed 0
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import hashlib
import json
import multiprocessing
import os
import re
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import astuple, dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from tests.soak.cases import Cases
from tests.soak.growth import watch_growth
from tests.soak.running import ADDRESS_SPACE, in_process_of_its_own, in_this_process

MEMORY = 800  # MB that a case may take
LIMIT = 20  # seconds that a case may take
SAMPLE = 150
CONTROL = re.compile(rb"[^\n\t\x20-\x7e\x80-\xff]")


@dataclass(frozen=True)
class Outcome:
    """What came of a case."""

    number: int
    kind: str
    what: str
    code: int
    problem: str  # empty if there is none
    memory: int  # MB
    seconds: float


def run_case(cases: Cases, number: int) -> Outcome:
    """Run a case in an empty folder, and judge what came of it."""
    hand, command = cases.get(number)
    names = {
        "FILE": hand.name,
        "DATA": str(cases.data),
        "BRAIN": str(cases.brain),
        "PICTURE": str(cases.picture),
    }
    words = [names.get(word, word) for word in command]
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        path = Path(hand.name)
        path.write_bytes(hand.content) if isinstance(hand.content, bytes) else hand.content(path)
        if "--data-dir" in words and "." in words:
            _lay_out(cases.data, path)
        before = _seen()
        started, base = time.perf_counter(), _memory(reset=True)
        if number % SAMPLE == 0:
            code, printed, told, raised = in_process_of_its_own(words)
        else:
            code, printed, told, raised = in_this_process(words)
        seconds, memory = time.perf_counter() - started, _memory() - base
        problem = raised or _judge(code, printed, told, words) or ""
        if not problem:
            problem = _compare(before, _seen(), code, words)
        if not problem and hand.refused and not code and "--index" not in words:  # it reads less
            problem = "was not refused"
    if not problem and memory > MEMORY:
        problem = f"took {memory} MB"
    what = f"{hand.name}, {hand.what}: {' '.join(command)}"
    return Outcome(number, hand.kind, what, code, problem, memory, seconds)


def _lay_out(data: Path, path: Path) -> None:
    """Link the other files of a data set to a folder."""
    for file in data.iterdir():
        if file.name != path.name.removesuffix(".gz"):
            os.link(file, file.name)


Seen = set[tuple[str, str]]  # names, with digests


def _seen() -> Seen:
    """Return what is in this folder."""
    found = set()
    for path in Path().iterdir():
        regular = path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 30
        found.add((path.name, hashlib.md5(path.read_bytes()).hexdigest() if regular else ""))
    return found


def _memory(*, reset: bool = False) -> int:
    """Return the most memory, in MB, that this process had since a reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) // 1024 if found else 0


def _compare(before: Seen, after: Seen, code: int, words: list[str]) -> str:
    """Return what is wrong with what a command left in the folder, if anything is."""
    may_write = {"--like", "--explain-png"}  # compares what it has trained; shows why it refuses
    if code and before != after and not may_write & set(words):
        return "wrote, and failed"
    if before - after and "--resume" not in words:  # that one is done with its file
        return "changed a file"
    return ""


def _judge(code: int, printed: bytes, told: bytes, words: list[str]) -> str | None:
    """Return what is wrong with an end, if anything is."""
    lines = told.decode(errors="replace").splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    if b"Traceback" in told or b"Warning: " in told:
        return f"traceback or warning: {told[-500:]!r}"
    if CONTROL.search(told) or CONTROL.search(printed):
        return f"control characters: {told[:300]!r} {printed[:300]!r}"
    if code == 0:
        return None if printed and not errors else f"0, but {told[:300]!r}"
    if code == 1 and "--like" in words and not errors and b".again.npz" in printed:
        return None  # the weights came out otherwise
    if code == 2 and (b"error: --init: " in told or b"; all brains of a committee must" in told):
        return None  # it says that it started from another brain, or cannot be used with the other
    if code != 1:
        return f"exit code {code}: {told[:300]!r}"
    known = (
        "error: ",
        "hint: ",
        "  ",  # a detail
        *(["warning: "] if "--resume" in words else []),
    )  # that one trains
    strange = [line for line in lines if not line.startswith(known)]
    if len(errors) != 1 or strange or len(told) > 1500:
        return f"not one line: {told[:300]!r}"
    if b"not enough memory" in told:
        return "not enough memory"
    return f"output: {printed[:200]!r}" if printed else None


# --- Many cases ---------------------------------------------------------------


def _work(cases: Cases, numbers: list[int], pipe: Connection) -> None:
    """Run cases in this process, and send what came of each."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    terminal = os.dup(2)
    for number in numbers:
        faulthandler.dump_traceback_later(LIMIT - 1, file=terminal)
        pipe.send_bytes(json.dumps(astuple(run_case(cases, number))).encode())
    pipe.close()


def _watch(cases: Cases, numbers: list[int], log: Path) -> None:
    """Have cases run, a process after another: a case that hangs or crashes ends one."""
    outcomes: list[Outcome] = []
    context = multiprocessing.get_context("fork")
    while numbers:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(cases, numbers[:500], theirs))
        process.start()
        theirs.close()
        done = 0
        with contextlib.suppress(EOFError):
            while done < len(numbers[:500]) and ours.poll(LIMIT):
                outcomes.append(Outcome(*json.loads(ours.recv_bytes())))
                done += 1
        if done < len(numbers[:500]):
            hung = process.is_alive()
            if hung:
                process.kill()
            process.join()
            number = numbers[done]
            hand, command = cases.get(number)
            problem = "hang" if hung else f"crash {process.exitcode}"
            what = f"{hand.name}, {hand.what}: {' '.join(command)}"
            outcomes.append(Outcome(number, hand.kind, what, -1, problem, 0, LIMIT))
            done += 1
        process.join()
        ours.close()
        numbers = numbers[done:]
    log.write_text(json.dumps(list(map(astuple, outcomes))))


def _report(outcomes: list[Outcome], seed: int) -> bool:
    """Print what failed, and a table; tell whether nothing did."""
    failed = [replace(each, problem=ascii(each.problem)) for each in outcomes if each.problem]
    alike = Counter((each.kind, each.problem[:60]) for each in failed)
    shown: Counter[tuple[str, str]] = Counter()
    for each in sorted(failed, key=lambda each: each.number):
        key = each.kind, each.problem[:60]
        shown[key] += 1
        if shown[key] <= 3:
            where = f"--seed {seed} --only {each.number} ({each.kind}, {each.what})"
            print(f"{where}, 1 of {alike[key]}:")
            print("  " + each.problem[1:-1].replace("\\n", "\n  "))
    rows = defaultdict(list)
    for each in outcomes:
        rows[each.kind].append(each)
    heads = ("format", "cases", "valid", "refused", "failed", "hangs", "MB", "slowest")
    print("".join(f"{head:>12}" for head in heads))
    for kind, of in [*rows.items(), ("all", outcomes)]:
        bad = [each for each in of if each.problem]
        hangs = sum(each.problem == "hang" for each in bad)
        good = [each.code for each in of if not each.problem]
        refused = sum(map(bool, good))
        cells = [kind, len(of), len(good) - refused, refused, len(bad) - hangs, hangs]
        cells += [max(each.memory for each in of), f"{max(each.seconds for each in of):.1f} s"]
        print("".join(f"{cell:>12}" for cell in cells))
    return not failed


def main() -> None:
    """Run all cases of a seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", type=int, nargs="*", help="cases of these numbers alone")
    args = parser.parse_args()
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # NumPy is loaded: begin again
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        os.execv(sys.executable, sys.orig_argv)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        cases = Cases(args.seed, Path(folder))
        numbers = list(range(args.cases)) if args.only is None else args.only
        print(f"{len(cases.by_hand)} cases by hand", flush=True)
        context = multiprocessing.get_context("fork")
        logs = [Path(folder) / f"{worker}.json" for worker in range(args.workers)]
        watchers = [
            context.Process(target=_watch, args=(cases, numbers[i :: args.workers], log))
            for i, log in enumerate(logs)
        ]
        for watcher in watchers:
            watcher.start()
        for watcher in watchers:
            watcher.join()
        outcomes = [Outcome(*each) for log in logs for each in json.loads(log.read_text())]
        grown = args.only is not None or watch_growth(cases)
    good = _report(outcomes, args.seed) and grown
    print(f"seed {args.seed}, {len(outcomes)} cases in {time.perf_counter() - started:.0f} s")
    sys.exit(not good)


if __name__ == "__main__":
    main()
