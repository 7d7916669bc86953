"""The linear-algebra library behind NumPy: which kernels it uses, and how many threads.

OpenBLAS reads its settings from the environment when NumPy loads it, so they
are settled before; only the command line does so.  Used as a library, this
package leaves environment and threads as they are.
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

KERNELS = "OPENBLAS_CORETYPE"
THREADS = "OMP_NUM_THREADS"  # OpenBLAS, MKL and BLIS read it where their own is not set
OPENBLAS_THREADS = {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", THREADS}
SKYLAKEX_NEEDS = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
# multiplications in a product: between one and two million, two threads took up to 30 % longer
SHARED_FROM = 2_000_000
MAX_THREADS = 1024  # that can be asked for


# --- Before NumPy is loaded --------------------------------------------------


def configure(
    environment: MutableMapping[str, str] = os.environ, *, threads: int | None = None
) -> bool:
    """Choose kernels and threads for this process, if NumPy is not loaded yet.

    What the user has set stays.

    Parameters
    ----------
    environment : mapping
        Where to look and to write.
    threads : int, optional
        How many; by default what `usable_cores` says.

    Returns
    -------
    bool
        Whether the user has left the number of threads to us.
    """
    ours = not environment.keys() & OPENBLAS_THREADS
    if "numpy" in sys.modules:
        return ours
    if KERNELS not in environment and _has_wheel_openblas() and _cpu_flags() >= SKYLAKEX_NEEDS:
        environment[KERNELS] = "SkylakeX"
    if ours:
        environment[THREADS] = str(threads or usable_cores())
    return ours


def _has_wheel_openblas() -> bool:
    """Tell whether NumPy will load the OpenBLAS that its wheels for x86-64 Linux bring along.

    That one picks kernels for AVX-512 by itself on the processors it knows, and
    Haswell's or older ones on those that are newer than it.  To choose SkylakeX
    is never a loss: Cooperlake's, which it has besides (0.3.27) or not
    (0.3.31), are as fast in float32.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    numpy = find_spec("numpy")
    if numpy is None or numpy.origin is None:
        return False
    libraries = Path(numpy.origin).parents[1] / "numpy.libs"
    return any(libraries.glob("*openblas*"))


def _cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> set[str]:
    """Return what the first processor can do, as Linux names it."""
    return set(_cpu_fact("flags", cpuinfo).split())


def _cpu_fact(name: str, cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the first value of that name in ``/proc/cpuinfo``; empty where there is none."""
    with contextlib.suppress(OSError), cpuinfo.open(errors="replace") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    return ""


# --- Threads -----------------------------------------------------------------


def usable_cores(root: Path = Path("/")) -> int:
    """Return how many processors this process may use: its affinity, within the cgroup's quota."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, int(min([cores, *_quotas(root)])))


def _quotas(root: Path) -> Iterator[float]:
    """Yield the processors that the cgroups of this process grant, from within to without.

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
    """Return 1 where the products of a network are too small to share, else None.

    Parameters
    ----------
    sizes : sequence of int
        Widths of all layers.
    batch_size : int
    """
    largest = max(fan_in * fan_out for fan_in, fan_out in itertools.pairwise(sizes))
    return 1 if largest * batch_size < SHARED_FROM else None


@contextlib.contextmanager
def limited_threads(threads: int | None) -> Iterator[None]:
    """Let BLAS use so many threads within the block; None leaves it as it is."""
    if threads is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads, user_api="blas"):
        yield


# --- For `mnistmlp info --system` --------------------------------------------


def describe() -> dict[str, Any]:
    """Return what does the arithmetic here; loads NumPy."""
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
        "processor": _cpu_fact("model name") or platform.processor() or platform.machine(),
        "usable_cores": usable_cores(),
    }
