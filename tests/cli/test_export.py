from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.conftest import names


def test_it_writes_a_page_and_prints_its_name(run: Run, brain: Path) -> None:
    Path("digits.html").write_text("old")
    result = run("export", brain, "digits.html")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "digits.html\n", "")
    assert names() == ["digits.html"]
    page = Path("digits.html").read_text()
    assert page.startswith("<!doctype html>")
    assert f'"about": "{brain.name} \\u00b7 784-24-10 ' in page


def test_the_bundled_brain_by_its_name(run: Run) -> None:
    assert run("export", "pretrained", "A.HTML").stdout == "A.HTML\n"
    assert '"about": "pretrained ' in Path("A.HTML").read_text()


def test_an_unknown_suffix(run: Run) -> None:
    for name in ("digits.png", "digits"):
        result = run("export", "none.npz", name)
        assert (result.exit_code, result.stdout) == (2, "")
        error, hint = result.stderr.splitlines()
        assert error == (
            f"error: invalid value for 'FILE': {name} has none of the known suffixes: "
            ".html, .onnx, .safetensors"
        )
        assert hint == "hint: mnistmlp export --help"


@pytest.mark.parametrize(
    ("source", "output", "error"),
    [
        ("none.npz", "page.html", "error: none.npz: no such file"),
        (None, "none/page.html", "none/page.html: cannot be written: no such folder"),
        (None, "folder.html", "folder.html: cannot be written: not a regular file"),
    ],
)
def test_what_cannot_be_read_or_written(
    run: Run, brain: Path, source: str | None, output: str, error: str
) -> None:
    Path("folder.html").mkdir()
    result = run("export", source or brain, output)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    assert error in result.stderr.splitlines()[0]
    assert names() == ["folder.html"]


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_formats_of_other_programs(run: Run, brain: Path, suffix: str) -> None:
    result = run("export", brain, f"b{suffix}")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"b{suffix}\n", "")
    if suffix == ".safetensors":
        assert run("import", "b.safetensors", "back.npz").stdout == "back.npz\n"
        assert Path("back.npz").read_bytes() == brain.read_bytes()
    result = run("export", brain, f"none/b{suffix}")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"none/b{suffix}: cannot be written: no such folder" in result.stderr
