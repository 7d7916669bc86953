from pathlib import Path

from tests.cli.conftest import Run
from tests.cli.predict.conftest import sources


def test_folders(run: Run, brain: Path, pictures: list[str]) -> None:
    Path("pictures/notes.txt").touch()
    result = run("predict", "--brain", brain, "--recursive", "pictures", pictures[0])
    assert (result.exit_code, result.stderr) == (0, "")
    assert sources(result.stdout) == [*pictures[::2], *pictures[1::2], pictures[0]]


def test_odd_folders(run: Run, brain: Path, pictures: list[str]) -> None:
    deep = Path("deep/" + "a/" * 500)
    deep.mkdir(parents=True)
    Path("deep/folder.png").mkdir()
    Path("deep/self").symlink_to("../deep")
    names = ["deep", "none", "a" * 5000, pictures[0]]
    result = run("predict", "--brain", brain, "--recursive", *names)
    assert (result.exit_code, sources(result.stdout)) == (1, pictures[:1])
    lines = result.stderr.splitlines()
    assert lines[0] == "error: none: No such file or directory"
    assert lines[1].endswith("a: File name too long")
    assert len(lines) == 2
