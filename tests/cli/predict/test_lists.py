import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Run, Start
from tests.cli.predict.conftest import sources


def test_names_from_a_file(run: Run, brain: Path, pictures: list[str]) -> None:
    Path("names").write_text("\n".join(pictures[1:]))
    result = run("predict", "--brain", brain, pictures[0], "--files-from", "names")
    assert (result.exit_code, result.stderr) == (0, "")
    assert sources(result.stdout) == pictures
    null = "\0".join([*pictures, ""])
    same = run("predict", "--brain", brain, "--files-from", "-", "-0", input=null)
    assert same.stdout == result.stdout
    one = run("predict", "--brain", brain, "--files-from", "-", input=pictures[0])
    assert one.stdout == result.stdout.splitlines(keepends=True)[0]
    nothing = run("predict", "--brain", brain, "--files-from", "-", input="")
    assert (nothing.exit_code, nothing.stdout) == (0, "")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "list: No such file or directory"),
        (b"a" * 200_000, "list: not a list of names"),
        (b"none.png\n", "none.png: No such file or directory"),
    ],
)
def test_a_faulty_list_does_not_stop_the_other_pictures(
    run: Run, brain: Path, pictures: list[str], content: bytes | None, error: str
) -> None:
    if content:
        Path("list").write_bytes(content)
    result = run("predict", "--brain", brain, pictures[0], "--files-from", "list")
    assert result.exit_code == 1
    assert sources(result.stdout) == pictures[:1]
    assert result.stderr == f"error: {error}\n"


def test_a_list_with_crlf_and_with_standard_input(
    run: Run, brain: Path, pictures: list[str]
) -> None:
    listed = f"{pictures[0]}\r\n-\r\n{pictures[1]}\r\n"
    result = run("predict", "--brain", brain, "--files-from", "-", input=listed)
    assert sources(result.stdout) == pictures[:2]
    assert result.stderr == "error: -: standard input holds the list\n"


def test_a_name_is_answered_before_the_next_one_comes(
    start: Start, brain: Path, pictures: list[str]
) -> None:
    process = start("predict", "--brain", brain, "--files-from", "-", stdin=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    for name in pictures[:3]:
        process.stdin.write(f"{name}\n".encode())
        process.stdin.flush()
        assert process.stdout.readline().decode().split("\t")[0] == name
    assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == 0
