import os
import stat
from pathlib import Path

from tests.cli.conftest import Run
from tests.conftest import names


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_no_mirror(run: Run) -> None:
    gone = Path("gone").resolve().as_uri()
    result = run("download", "--mirror", gone, "--mirror", "http://127.0.0.1:1", "--data-dir", "d")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "error: train-images-idx3-ubyte.gz: no mirror gives it",
        f"  {gone}: No such file or directory",
        "  http://127.0.0.1:1: Connection refused",
        "hint: put train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
        "t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz into d by hand, "
        "or name a folder that has them: --data-dir DIR or MNISTMLP_DATA_DIR=DIR; "
        "or use digits that need no network: --dataset synthetic",
    ]
    assert names() == []


def test_a_mirror_of_another_kind(run: Run) -> None:
    result = run("download", "--mirror", "ftp://127.0.0.1", "--data-dir", "d")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: --mirror: 'ftp://127.0.0.1' is not")


def test_real_files_are_fetched_once(run: Run, mnist: Path) -> None:
    result = run("download", "--mirror", mnist.as_uri())
    assert result.exit_code == 0
    folder = Path("cache/mnistmlp/mnist").resolve()
    assert result.stdout == f"{folder}\n"
    assert [line.split(": ") for line in result.stderr.splitlines()] == [
        [name, "fetched and verified"]
        for name in (
            "train-images-idx3-ubyte", "train-labels-idx1-ubyte",
            "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
        )
    ]  # fmt: skip
    before = snapshot(folder)
    again = run("download", "--mirror", "http://127.0.0.1:1")
    assert again.exit_code == 0
    assert again.stderr.count("already here, verified") == 4
    assert snapshot(folder) == before


def test_a_folder_of_compressed_files_is_only_read(run: Run, mnist: Path, brain: Path) -> None:
    before = snapshot(mnist)
    assert run("download", "--data-dir", mnist, "--quiet").stdout == f"{mnist}\n"
    assert run("predict", "--brain", brain, "--data-dir", mnist, "--index", 42).exit_code == 0
    assert run("evaluate", "--data-dir", mnist, brain).exit_code == 0
    assert snapshot(mnist) == before


def test_files_have_the_users_permissions(run: Run, mnist: Path) -> None:
    old = os.umask(0o027)
    try:
        run("download", "--mirror", mnist.as_uri(), "--data-dir", "d")
    finally:
        os.umask(old)
    mode = Path("d/t10k-labels-idx1-ubyte").stat().st_mode
    assert stat.S_IMODE(mode) == 0o640
