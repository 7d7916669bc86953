import json
import sys
from pathlib import Path

import pytest

from tests.brains.test_brain import make_older
from tests.cli.conftest import Run
from tests.conftest import names

REPORT = Path("report.html")


def test_a_report_is_written_beside_the_result(run: Run, small: Path, fallible: Path) -> None:
    common = ["evaluate", fallible, "--data-dir", small]
    plain, found = run(*common), run(*common, "--report", REPORT)
    assert (found.exit_code, found.stdout) == (0, plain.stdout)
    assert found.stderr == "report: report.html\n"
    page = REPORT.read_text()
    result = json.loads(run(*common, "--json").stdout)
    for figure in (result["accuracy"], result["calibration_error"], *result["interval"]):
        assert f"{figure:.2%}" in page
    for score in result["per_digit"]:
        assert f"<td>{score['precision']:.2%}</td><td>{score['recall']:.2%}</td>" in page


def test_the_same_report_again(run: Run, small: Path, brain: Path) -> None:
    command = ["evaluate", brain, "--data-dir", small, "--report"]
    run(*command, "one.html"), run(*command, "two.html")
    assert Path("one.html").read_bytes() == Path("two.html").read_bytes()


def test_an_old_report_is_kept(run: Run, small: Path, brain: Path) -> None:
    REPORT.write_text("old")
    command = ["evaluate", brain, "--data-dir", small, "--report", REPORT]
    refused = run(*command)
    assert (refused.exit_code, refused.stdout, REPORT.read_text()) == (2, "", "old")
    assert "report.html exists" in refused.stderr
    assert "--force" in refused.stderr
    forced = run(*command, "--force")
    assert (forced.exit_code, Path("report.html.bak").read_text()) == (0, "old")
    assert "kept the old report.html as report.html.bak" in forced.stderr


def test_a_report_does_not_replace_the_brain(run: Run, small: Path, brain: Path) -> None:
    Path("mine.npz").write_bytes(brain.read_bytes())
    command = ["evaluate", "mine.npz", "--data-dir", small, "--report"]
    Path("mine.html").symlink_to("mine.npz")
    for target in ("mine.npz", "mine.html", "no/folder.html", ".", "report.pdf"):
        refused = run(*command, target, "--force")
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "--report" in refused.stderr
    assert names() == ["mine.html", "mine.npz"]


@pytest.mark.parametrize("package", ["jinja2", "matplotlib.figure"])
def test_without_the_extra(
    run: Run, small: Path, brain: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    refused = run("evaluate", brain, "--data-dir", small, "--report", REPORT)
    assert (refused.exit_code, refused.stdout, names()) == (1, "", [])
    assert refused.stderr.startswith("error: this needs the extra report: ")
    assert refused.stderr.endswith("\nhint: pip install 'mnistmlp[report]'\n")
    assert refused.stderr.count("\n") == 2


def test_brains_of_every_kind(run: Run, small: Path, brain: Path) -> None:
    make_older(Path("older.npz"))
    for brains in (["older.npz"], ["older.npz", brain], ["pretrained", brain, brain]):
        done = run("evaluate", *brains, "--data-dir", small, "--report", REPORT, "--force")
        assert done.exit_code == 0
        title = brains[0] if len(brains) == 1 else f"Committee of {len(brains)} brains"
        assert f"<h1>{title}</h1>" in REPORT.read_text()


def test_a_name_that_is_no_utf8_and_one_with_markup(run: Run, small: Path, brain: Path) -> None:
    for name in ("\udcff<b>.npz", "a\nb.npz"):
        Path(name).write_bytes(brain.read_bytes())
        command = ["evaluate", name, "--data-dir", small, "--json", "--force"]
        assert run(*command, "--report", REPORT).exit_code == 0
    assert "<h1>a\\nb.npz</h1>" in REPORT.read_text()
    assert "<h1>\\udcff&lt;b&gt;.npz</h1>" in Path("report.html.bak").read_text()
