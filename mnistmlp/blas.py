"""Configuration of BLAS, NumPy's linear-algebra library: its kernels and threads.

OpenBLAS reads its settings from the environment when NumPy loads it, so
`configure` must run earlier.  Only the command line calls it: used as a
library, this package leaves the environment alone.

BLAS gets one thread, because this package has its own (`core.products`).
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import sys
import threading
from collections.abc import Iterator, MutableMapping
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from mnistmlp.errors import check_whole

CORETYPE = "OPENBLAS_CORETYPE"
# read by OpenBLAS, in this order; MKL and BLIS too read the last if their own is not set
THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
SKYLAKEX_FLAGS = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
MAX_THREADS = 1024  # the most a user can ask for
BLAS_THREADS = 1  # in training, whose last bits depend on it


# --- Before NumPy is loaded --------------------------------------------------


def configure(environment: MutableMapping[str, str] = os.environ) -> int:
    """Choose kernels and one thread for BLAS, unless NumPy is already loaded.

    The user's choice of kernels is kept.

    Parameters
    ----------
    environment : mapping
        Read and updated.

    Returns
    -------
    int
        The number of threads the user asked for in the variables that BLAS
        reads, or `usable_cores`.
    """
    wanted = [environment[name] for name in THREAD_VARIABLES if environment.get(name)]
    threads = int(wanted[0]) if wanted and re.fullmatch("[1-9][0-9]{0,3}", wanted[0]) else None
    if "numpy" not in sys.modules:
        if CORETYPE not in environment and _has_wheel_openblas() and _cpu_flags() >= SKYLAKEX_FLAGS:
            environment[CORETYPE] = "SkylakeX"
        environment.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    return min(threads or usable_cores(), MAX_THREADS)


def _has_wheel_openblas() -> bool:
    """Tell whether NumPy will load the OpenBLAS bundled with its x86-64 Linux wheels.

    It selects AVX-512 kernels on processors that it knows, but kernels for
    Haswell or older on newer ones.  SkylakeX is never a worse choice: the
    Cooperlake kernels, in 0.3.27 but not in 0.3.31, are no faster in float32.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    numpy = find_spec("numpy")
    if numpy is None or numpy.origin is None:
        return False
    libraries = Path(numpy.origin).parents[1] / "numpy.libs"
    return any(libraries.glob("*openblas*"))


def _cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> set[str]:
    """Return the feature flags of the first processor, as Linux names them."""
    return set(_read_cpuinfo("flags", cpuinfo).split())


def _read_cpuinfo(name: str, cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the first value with this name in ``/proc/cpuinfo``, or an empty string."""
    with contextlib.suppress(OSError), cpuinfo.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    return ""


# --- Threads -----------------------------------------------------------------


def usable_cores(root: Path = Path("/")) -> int:
    """Return how many processors this process may use, given its affinity and cgroup quotas."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, int(min([cores, *_cgroup_quotas(root)])))


def _cgroup_quotas(root: Path) -> Iterator[float]:
    """Yield the CPU quotas of this process's cgroups, in processors, innermost first.

    Linux, Documentation/admin-guide: cgroup-v2.rst (``cpu.max``) and
    cgroup-v1/cgroups.rst with scheduler/sched-bwc.rst (``cpu.cfs_quota_us``).
    """
    try:
        groups = (root / "proc/self/cgroup").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return
    for group in groups:
        _, controllers, path = (*group.split(":", 2), "", "")[:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = root / ("sys/fs/cgroup/cpu" if controllers else "sys/fs/cgroup")
        for folder in (PurePosixPath(path), *PurePosixPath(path).parents):
            inside = mount / str(folder).lstrip("/")
            with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
                if controllers:
                    quota = (inside / "cpu.cfs_quota_us").read_text("utf-8")  # -1 for none
                    period = (inside / "cpu.cfs_period_us").read_text("utf-8")
                else:
                    limit = (inside / "cpu.max").read_text("utf-8")  # "max" for none
                    quota, period = limit.split()
                if int(quota) > 0:
                    yield int(quota) / int(period)


def count_threads(wanted: int | None) -> int:
    """Return the number of threads that share work: as requested, or `usable_cores`.

    Raises
    ------
    SettingError
        If it is not a valid number of threads.
    """
    if wanted is None:
        return usable_cores()
    needed = f"a whole number from 1 to {MAX_THREADS:,}"
    return check_whole("threads", wanted, needed, 1, MAX_THREADS)


_limits: list[list[Any]] = []  # limits in force, latest last, each with what ends it
_limits_lock = threading.Lock()


@contextlib.contextmanager
def limited_threads(threads: int) -> Iterator[None]:
    """Limit BLAS to this many threads within the block, in the whole process.

    Blocks in several threads may overlap: the last one to end restores what was
    set before the first.
    """
    from threadpoolctl import threadpool_limits

    with _limits_lock:
        limit = [threadpool_limits(threads, user_api="blas")]
        _limits.append(limit)
    try:
        yield
    finally:
        with _limits_lock:
            place = next(i for i, each in enumerate(_limits) if each is limit)
            del _limits[place]
            if place == len(_limits):
                limit[0].restore_original_limits()
            else:  # the next one then restores what was set before this one
                _limits[place][:] = limit


# --- For `mnistmlp info --system` --------------------------------------------


def describe() -> dict[str, Any]:
    """Describe Python, NumPy, BLAS and the processor; loads NumPy."""
    import numpy as np
    from threadpoolctl import threadpool_info

    libraries = [each for each in threadpool_info() if each["user_api"] == "blas"]
    built: Any = np.show_config(mode="dicts")
    blas = libraries[0] if libraries else built["Build Dependencies"]["blas"]  # Accelerate
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas.get('internal_api') or blas['name']} {blas.get('version') or ''}".strip(),
        "kernels": blas.get("architecture"),
        "simd": (built.get("SIMD Extensions", {}).get("found") or ["baseline"])[-1],
        "processor": _read_cpuinfo("model name") or platform.processor() or platform.machine(),
        "usable_cores": usable_cores(),
    }
