import io
import os
import subprocess
from pathlib import Path

import pytest

from mnistmlp.cli.predict.lists import _read_names
from tests.cli.conftest import Run, Start
from tests.cli.predict.conftest import piped, sources


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
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b"\r\n\r\n"])
def test_a_file_without_names_is_warned_of(run: Run, brain: Path, content: bytes) -> None:
    Path("names").write_bytes(content)
    result = run("predict", "--brain", brain, "--files-from", "names")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "warning: names: contains no names\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\0"])
def test_a_byte_order_mark_is_dropped(run: Run, brain: Path, pictures: list[str], end: str) -> None:
    names = "".join(f"{name}{end}" for name in pictures)
    Path("names").write_text(f"\ufeff{names}", newline="")
    null = ["-0"] if end == "\0" else []
    result = run("predict", "--brain", brain, "--files-from", "names", *null)
    assert (result.exit_code, result.stderr) == (0, "")
    assert sources(result.stdout) == pictures


class ByteByByte(io.BytesIO):
    def read1(self, size: int | None = -1) -> bytes:
        return self.read(1)


@pytest.mark.parametrize("end", [b"\n", b"\0"])
def test_a_list_may_arrive_in_any_pieces(end: bytes) -> None:
    listed = b"\xef\xbb\xbfa.png" + end + b"\xff\xfeb.png" + end + end + b"c.png"
    names = [name for name in _read_names(ByteByByte(listed), "names", end) if name]
    assert names == ["a.png", os.fsdecode(b"\xff\xfeb.png"), "c.png"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\0"])
def test_utf_16_is_refused_in_a_line(
    run: Run, brain: Path, pictures: list[str], encoding: str, end: str
) -> None:
    content = "".join(f"{name}{end}" for name in ["\ufeff" + pictures[0], *pictures[1:]])
    Path("my names").write_bytes(content.encode(encoding))
    null = ["-0"] if end == "\0" else []
    result = run("predict", "--brain", brain, "--files-from", "my names", *null)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "error: my names: a list in UTF-16, not in UTF-8",
        "hint: iconv -f UTF-16 -t UTF-8 'my names' | mnistmlp predict --files-from -",
    ]


def test_names_that_end_in_nul_need_an_option(run: Run, brain: Path, pictures: list[str]) -> None:
    listed = "\0".join([*pictures, ""])
    result = run("predict", "--brain", brain, "--files-from", "-", input=listed)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "error: -: not a list of names: contains NUL bytes",
        "hint: --null (-0) reads names that end in NUL",
    ]


def test_a_list_from_a_pipe(run: Run, brain: Path, pictures: list[str]) -> None:
    os.mkfifo("names")
    nothing = run("predict", "--brain", brain, "--files-from", "names")  # nobody writes to it
    assert (nothing.exit_code, nothing.stderr) == (0, "warning: names: contains no names\n")
    with piped("\n".join(pictures).encode()) as name:
        result = run("predict", "--brain", brain, "--files-from", name)
    assert sources(result.stdout) == pictures


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "list: no such file"),
        (b"a" * 200_000, "list: not a list of names"),
        (b"none.png\n", "none.png: no such file"),
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
