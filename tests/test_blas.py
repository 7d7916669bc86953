import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl

from mnistmlp import blas

AVX512 = "avx2 avx512f avx512cd avx512bw avx512dq avx512vl"

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"), "1")


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A process without NumPy loaded, on x86-64 Linux with AVX-512 and NumPy's own wheel."""
    monkeypatch.delitem(sys.modules, "numpy")
    monkeypatch.setattr(blas, "_has_wheel_openblas", lambda: True)
    monkeypatch.setattr(blas, "_cpu_flags", lambda: set(AVX512.split()))
    monkeypatch.setattr(blas, "usable_cores", lambda: 3)
    return monkeypatch


def added_variables(given: dict[str, str]) -> dict[str, str]:
    """Return the variables that `configure` adds to an environment."""
    environment = given.copy()
    blas.configure(environment)
    assert given.items() <= environment.items()
    return {name: environment[name] for name in environment.keys() - given.keys()}


def test_kernels_and_one_thread_are_chosen(fresh: pytest.MonkeyPatch) -> None:
    assert added_variables({}) == {"OPENBLAS_CORETYPE": "SkylakeX"} | ONE_THREAD
    assert blas.configure({}) == 3


def test_kernels_set_by_the_user_stay(fresh: pytest.MonkeyPatch) -> None:
    assert added_variables({"OPENBLAS_CORETYPE": "Haswell"}) == ONE_THREAD


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"OPENBLAS_NUM_THREADS": "7"}, 7),
        ({"GOTO_NUM_THREADS": "7", "OMP_NUM_THREADS": "9"}, 7),
        ({"OPENBLAS_NUM_THREADS": "", "OMP_NUM_THREADS": "9"}, 9),
        ({"OMP_NUM_THREADS": "4,2"}, 3),
        ({"OMP_NUM_THREADS": "0"}, 3),
        ({"OMP_NUM_THREADS": "9999"}, blas.MAX_THREADS),
    ],
)
def test_threads_set_by_the_user_are_ours_and_blas_has_one(
    fresh: pytest.MonkeyPatch, given: dict[str, str], expected: int
) -> None:
    environment = given.copy()
    assert blas.configure(environment) == expected
    assert environment.items() >= ONE_THREAD.items()


@pytest.mark.parametrize("missing", sorted(blas.SKYLAKEX_FLAGS))
def test_kernels_need_all_their_cpu_flags(fresh: pytest.MonkeyPatch, missing: str) -> None:
    fresh.setattr(blas, "_cpu_flags", lambda: set(AVX512.split()) - {missing})
    assert added_variables({}) == ONE_THREAD


def test_kernels_are_not_chosen_for_another_blas(fresh: pytest.MonkeyPatch) -> None:
    fresh.setattr(blas, "_has_wheel_openblas", lambda: False)
    assert added_variables({}) == ONE_THREAD


def test_nothing_changes_once_numpy_is_loaded() -> None:
    assert np.__name__ in sys.modules
    assert added_variables({}) == {}


def test_only_the_x86_64_linux_wheel_is_recognised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy.libs").mkdir()
    library = tmp_path / "numpy.libs" / "libscipy_openblas64_-1234.so"
    library.touch()

    class Spec:
        origin = str(tmp_path / "numpy" / "__init__.py")

    monkeypatch.setattr(blas, "find_spec", lambda name: Spec)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert blas._has_wheel_openblas()
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert not blas._has_wheel_openblas()
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not blas._has_wheel_openblas()
    monkeypatch.setattr(sys, "platform", "linux")
    library.rename(library.with_name("libmkl_rt.so"))
    assert not blas._has_wheel_openblas()
    monkeypatch.setattr(blas, "find_spec", lambda name: None)
    assert not blas._has_wheel_openblas()


def test_cpu_flags_are_read_from_cpuinfo(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: A: B\nflags\t\t: fpu avx2\nflags\t\t: sse\n")
    assert blas._cpu_flags(cpuinfo) == {"fpu", "avx2"}
    assert blas._read_cpuinfo("model name", cpuinfo) == "A: B"
    assert blas._cpu_flags(tmp_path / "none") == set()


def test_importing_the_package_leaves_the_environment_alone() -> None:
    code = (
        "import os; before = dict(os.environ); import mnistmlp; mnistmlp.fit; mnistmlp.Network; "
        "import mnistmlp.blas; assert dict(os.environ) == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- Threads -----------------------------------------------------------------

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("files", "quotas"),
    [
        ({}, []),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, [1.5]),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "300000 100000\n"}, [3.0]),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
                "sys/fs/cgroup/a/cpu.max": "50000 100000\n",
            },
            [0.5],
        ),
        (
            {
                "proc/self/cgroup": "4:memory:/m\n2:cpuacct,cpu:/docker/1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/memory/m/cpu.cfs_quota_us": "100\n",
                "sys/fs/cgroup/memory/m/cpu.cfs_period_us": "100\n",
            },
            [2.0],
        ),
        (
            {
                "proc/self/cgroup": "1:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            [],
        ),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "what\n"}, []),
        ({"proc/self/cgroup": "strange\n"}, []),
    ],
)
def test_cgroup_quotas(tmp_path: Path, files: dict[str, str], quotas: list[float]) -> None:
    write(tmp_path, files)
    assert list(blas._cgroup_quotas(tmp_path)) == quotas
    assert blas.usable_cores(tmp_path) == max(1, int(min([CORES, *quotas])))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_usable_cores_follow_the_affinity(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert blas.usable_cores(tmp_path) == 1
    finally:
        os.sched_setaffinity(0, before)


def blas_threads() -> list[int]:
    return [
        library["num_threads"]
        for library in threadpoolctl.threadpool_info()
        if library["user_api"] == "blas"
    ]


def test_threads_are_limited_within_the_block() -> None:
    before = blas_threads()
    assert before
    with blas.limited_threads(1):
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


def test_describe() -> None:
    facts = blas.describe()
    assert facts["simd"] in np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    assert facts["processor"]
    assert facts["blas"].split()[0] in ("openblas", "mkl", "blis", "flexiblas", "accelerate")


def test_blocks_of_limits_may_overlap() -> None:
    def threads() -> set[int]:
        return {
            each["num_threads"]
            for each in threadpoolctl.threadpool_info()
            if each["user_api"] == "blas"
        }

    with blas.limited_threads(2):
        before = threads()
        first, second, third = (blas.limited_threads(1) for _ in range(3))
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert threads() == {1}
        third.__enter__()
        second.__exit__(None, None, None)
        assert threads() == {1}
        third.__exit__(None, None, None)
        assert threads() == before
