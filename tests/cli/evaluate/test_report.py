import json
import sys
from pathlib import Path

import pytest

from mnistmlp.version import install_command
from tests.brains.test_brain import make_older
from tests.cli.conftest import Run
from tests.conftest import names

pytestmark = pytest.mark.slow

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
    assert refused.stderr.endswith(f"\nhint: {install_command('report')}\n")
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


# --- How long training took ---------------------------------------------------


@pytest.fixture
def logged(run: Run, small: Path) -> list[float]:
    """Two seconds, of the epochs in run.jsonl, the log of a.npz; b.npz has another seed."""
    train = ["train", "--data-dir", small, "--hidden", "none", "--epochs", "2", "--quiet"]
    train += ["--validation", "100"]
    assert run(*train, "-o", "a.npz", "--log", "run.jsonl").exit_code == 0
    assert run(*train, "-o", "b.npz", "--seed", "1").exit_code == 0
    lines = [json.loads(line) for line in Path("run.jsonl").read_text().splitlines()]
    seconds = [1.25, 2.5]
    timed = [line | {"seconds": each} for line, each in zip(lines, seconds, strict=True)]
    Path("run.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in timed))
    return seconds


def test_a_log_tells_how_long_training_took(run: Run, small: Path, logged: list[float]) -> None:
    common = ["evaluate", "b.npz", "a.npz", "--data-dir", small, "--report", REPORT]
    assert run(*common).exit_code == 0
    assert "training time" not in REPORT.read_text()
    assert run(*common, "--log", "run.jsonl", "--force").exit_code == 0
    cells = f'<th scope="row">training time</th><td></td><td>{sum(logged):.1f} s</td>'
    assert cells in REPORT.read_text()


def test_logs_that_say_nothing_of_the_brain(run: Run, small: Path, logged: list[float]) -> None:
    assert logged
    Path("empty").touch()
    for log, problem in (
        ("run.jsonl", "run.jsonl is not the complete log of b.npz"),
        ("empty", "empty is not the complete log of b.npz"),
        ("none", "none: no such file"),
        (".", ".: not a regular file"),
    ):
        command = ["evaluate", "b.npz", "--data-dir", small, "--report", REPORT, "--log", log]
        refused = run(*command)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert f"--log: {problem}" in refused.stderr
    make_older(Path("older.npz"))
    older = ["evaluate", "older.npz", "--data-dir", small, "--report", REPORT, "--log", "empty"]
    assert run(*older).exit_code == 2
    without = run("evaluate", "a.npz", "--data-dir", small, "--log", "run.jsonl")
    assert (without.exit_code, without.stdout) == (2, "")
    assert not REPORT.exists()


def test_a_report_is_not_the_folder_of_plots(run: Run, small: Path, brain: Path) -> None:
    command = ["evaluate", brain, "--data-dir", small, "--report", REPORT, "--plots", REPORT]
    refused = run(*command)
    assert (refused.exit_code, refused.stdout, names()) == (2, "", [])
    assert "report.html is the same file as --report" in refused.stderr


def test_a_report_does_not_replace_a_log(run: Run, small: Path, logged: list[float]) -> None:
    assert logged
    Path("run.jsonl").rename("run.html")
    command = ["evaluate", "a.npz", "--data-dir", small, "--force"]
    refused = run(*command, "--report", "run.html", "--log", "run.html")
    assert refused.exit_code == 2
    assert "run.html is the same file as run.html" in refused.stderr
