"""Configuration of BLAS, the linear-algebra library behind NumPy: its kernels and threads.

OpenBLAS reads its settings from the environment when NumPy loads it, so
`configure` must run earlier.  Only the command line calls it: used as a
library, this package leaves the environment and the threads alone.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import platform
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

CORETYPE = "OPENBLAS_CORETYPE"
OMP_THREADS = "OMP_NUM_THREADS"  # read by OpenBLAS, MKL and BLIS if their own is not set
THREAD_VARIABLES = {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", OMP_THREADS}
SKYLAKEX_FLAGS = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
SPIN_TIME = "OPENBLAS_THREAD_TIMEOUT"  # how long an idle thread stays awake: 2^n clock cycles
SHORT_SPIN = "18"  # 0.1 ms; the default of 2^26, some 25 ms, takes the core from other threads
# multiplications in a matrix product: with 1 to 2 million, two threads took up to 30 % longer
MIN_PARALLEL_PRODUCT = 2_000_000
MAX_THREADS = 1024  # that a user can ask for


# --- Before NumPy is loaded --------------------------------------------------


def configure(
    environment: MutableMapping[str, str] = os.environ, *, threads: int | None = None
) -> bool:
    """Choose kernels and threads for this process, unless NumPy is already loaded.

    Variables that the user has set are left alone.  Idle threads of OpenBLAS
    go to sleep early, so that other work can use their cores.

    Parameters
    ----------
    environment : mapping
        Read and updated.
    threads : int, optional
        Number of threads; `usable_cores` by default.

    Returns
    -------
    bool
        Whether the user has left the number of threads to us.
    """
    left_to_us = not environment.keys() & THREAD_VARIABLES
    if "numpy" in sys.modules:
        return left_to_us
    if CORETYPE not in environment and _has_wheel_openblas() and _cpu_flags() >= SKYLAKEX_FLAGS:
        environment[CORETYPE] = "SkylakeX"
    if left_to_us:
        environment[OMP_THREADS] = str(threads or usable_cores())
    environment.setdefault(SPIN_TIME, SHORT_SPIN)
    return left_to_us


def _has_wheel_openblas() -> bool:
    """Tell whether NumPy will load the OpenBLAS bundled with its x86-64 Linux wheels.

    It selects AVX-512 kernels on the processors that it knows, but those of
    Haswell or older on newer processors.  SkylakeX is never a worse choice:
    the Cooperlake kernels, present in 0.3.27 but not in 0.3.31, are no faster
    in float32.
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
    with contextlib.suppress(OSError), cpuinfo.open(errors="replace") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    return ""


# --- Threads -----------------------------------------------------------------


def usable_cores(root: Path = Path("/")) -> int:
    """Return how many processors this process may use, by its affinity and cgroup quotas."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, int(min([cores, *_cgroup_quotas(root)])))


def _cgroup_quotas(root: Path) -> Iterator[float]:
    """Yield the CPU quotas of this process's cgroups, in processors, innermost first.

    Linux, Documentation/admin-guide: cgroup-v2.rst (``cpu.max``) and
    cgroup-v1/cgroups.rst with scheduler/sched-bwc.rst (``cpu.cfs_quota_us``).
    """
    try:
        groups = (root / "proc/self/cgroup").read_text(errors="replace").splitlines()
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
                    quota = (inside / "cpu.cfs_quota_us").read_text()  # -1 for none
                    period = (inside / "cpu.cfs_period_us").read_text()
                else:
                    quota, period = (inside / "cpu.max").read_text().split()  # "max" for none
                if int(quota) > 0:
                    yield int(quota) / int(period)


def suitable_threads(sizes: Sequence[int], batch_size: int) -> int | None:
    """Return 1 if the matrix products of a network are too small for more threads, else None.

    Parameters
    ----------
    sizes : sequence of int
        Widths of all layers.
    batch_size : int
    """
    largest = max(fan_in * fan_out for fan_in, fan_out in itertools.pairwise(sizes))
    return 1 if largest * batch_size < MIN_PARALLEL_PRODUCT else None


@contextlib.contextmanager
def limited_threads(threads: int | None) -> Iterator[None]:
    """Limit BLAS to this many threads within the block; None sets no limit."""
    if threads is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads, user_api="blas"):
        yield


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
        "threads": blas.get("num_threads"),
        "processor": _read_cpuinfo("model name") or platform.processor() or platform.machine(),
        "usable_cores": usable_cores(),
    }
