import stat
import tempfile
import webbrowser
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def _temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_opens_the_page_and_prints_its_name(
    run: Run, brain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def open_url(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", open_url)
    result = run("draw", brain)
    assert (result.exit_code, result.stderr) == (0, "")
    page = Path(result.stdout.removesuffix("\n"))
    assert opened == [page.as_uri()]
    assert f'"about": "{brain.name} ' in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700


def test_without_a_brain_or_a_browser(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    result = run("draw")
    assert result.exit_code == 0
    assert '"about": "pretrained ' in Path(result.stdout.removesuffix("\n")).read_text()
    assert result.stderr.splitlines() == [
        "no brain.npz here: using the bundled brain (pretrained)",
        "no browser found: open the file in one",
    ]
