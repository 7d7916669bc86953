from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.conftest import names


def test_it_writes_a_page_and_prints_its_name(run: Run, brain: Path) -> None:
    result = run("export", brain, "digits.html")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "digits.html\n", "")
    assert names() == ["digits.html"]
    page = Path("digits.html").read_text()
    assert page.startswith("<!doctype html>")
    assert f'"name": "{brain.name}"' in page


def test_the_bundled_brain_by_its_name(run: Run) -> None:
    assert run("export", "pretrained", "A.HTML").stdout == "A.HTML\n"
    assert '"name": "pretrained"' in Path("A.HTML").read_text()


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
        (None, "none/page.html", "none: no such folder"),
        (None, "folder.html", "FILE: folder.html: not a regular file"),
    ],
)
def test_what_cannot_be_read_or_written(
    run: Run, brain: Path, source: str | None, output: str, error: str
) -> None:
    Path("folder.html").mkdir()
    result = run("export", source or brain, output)
    assert (result.exit_code, result.stdout) == (1 if source else 2, "")
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
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: FILE: ")
    assert result.stderr.endswith("none: no such folder\n")


def test_a_file_that_exists_is_replaced_by_force_alone_and_kept(run: Run, brain: Path) -> None:
    Path("digits.html").write_text("old")
    Path("digits.html").chmod(0o600)
    result = run("export", brain, "digits.html")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: FILE: digits.html exists\n"
        "hint: name another file, or use --force, which keeps this one as digits.html.bak\n"
    )
    assert Path("digits.html").read_text() == "old"
    result = run("export", brain, "digits.html", "--force")
    assert (result.exit_code, result.stdout) == (0, "digits.html\n")
    assert result.stderr == "kept the old digits.html as digits.html.bak\n"
    assert Path("digits.html.bak").read_text() == "old"
    assert Path("digits.html").stat().st_mode & 0o777 == 0o600


def test_a_brain_is_not_replaced_by_its_own_export(run: Run, brain: Path) -> None:
    Path("b.onnx").write_bytes(brain.read_bytes())
    result = run("export", "b.onnx", "b.onnx", "--force")
    assert (result.exit_code, result.stderr) == (
        2,
        "error: FILE: b.onnx is the same file as BRAIN\n",
    )
    assert names() == ["b.onnx"]


def test_the_hint_for_a_missing_file_writes_no_brain_under_the_name_of_another_format(
    run: Run,
) -> None:
    result = run("export", "missing.onnx", "page.html")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: missing.onnx: no such file\n"
        "hint: a brain is an .npz file written by train, or pretrained, the bundled brain\n"
    )
