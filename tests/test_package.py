"""The wheel and the sdist hold what they should, and the wheel works outside of the clone."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from mnistmlp.version import __version__, install_command
from tests.pictures.drawings import draw_page

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WHEEL = f"mnistmlp-{__version__}-py3-none-any.whl"
SDIST = f"mnistmlp-{__version__}.tar.gz"


def run(*command: str | Path) -> str:
    """Return what a command prints; neither it nor what it starts may import from the clone."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(source: Path, folder: Path, *options: str) -> None:
    """Build with what is installed, so without the network."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, *options, source)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the sdist of the clone, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def metadata(dist: Path) -> Message:
    """Return what the wheel tells an index, with the description as its payload."""
    with zipfile.ZipFile(dist / WHEEL) as wheel:
        text = wheel.read(f"mnistmlp-{__version__}.dist-info/METADATA").decode()
    return Parser().parsestr(text)


def test_the_wheel_holds_the_package_and_no_more(dist: Path) -> None:
    with zipfile.ZipFile(dist / WHEEL) as wheel:
        names = set(wheel.namelist())
    info = f"mnistmlp-{__version__}.dist-info/"
    assert {name for name in names if not name.startswith(info)} == {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "mnistmlp").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert f"{info}licenses/LICENSE" in names
    kinds = {Path(name).suffix for name in names if name.startswith("mnistmlp/")}
    assert kinds == {".css", ".html", ".js", ".json", ".npz", ".py", ".typed"}
    assert (dist / WHEEL).stat().st_size < 5e6


def test_the_sdist_holds_what_builds_tests_and_documents(dist: Path) -> None:
    with tarfile.open(dist / SDIST) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {name.partition("/")[0] for name in names} == {
        *(".gitignore", "LICENSE", "Makefile", "PKG-INFO", "README.md", "pyproject.toml"),
        *("benchmarks", "docs", "mnistmlp", "tests"),
    }
    assert not {name for name in names if "ubyte" in name or "__pycache__" in name}
    assert {Path(name).name for name in names if name.endswith(".npz")} == {
        "pretrained.npz",
        "likeness.npz",
    }


def test_the_clone_and_its_sdist_build_the_same_wheel(dist: Path, tmp_path: Path) -> None:
    build(ROOT, tmp_path, "--wheel")
    assert (tmp_path / WHEEL).read_bytes() == (dist / WHEEL).read_bytes()


def test_an_index_would_take_both(dist: Path) -> None:
    run(sys.executable, "-m", "twine", "check", "--strict", dist / WHEEL, dist / SDIST)


def test_the_description_is_the_readme_with_links_that_lead_to_the_repository(
    metadata: Message,
) -> None:
    repository = PROJECT["project"]["urls"]["Repository"]
    description = str(metadata.get_payload())
    links = re.findall(rf'(?:\]\(|src="|href="|srcset=")({repository}/[^)"]+)', description)
    assert links
    for link in links:
        name = re.sub("^.*?/(raw|blob)/HEAD/", "", link)
        assert (ROOT / name.partition("#")[0]).exists(), link
    relative = description.replace(f"{repository}/raw/HEAD/", "")
    relative = relative.replace(f"{repository}/blob/HEAD/", "")
    assert relative.strip() == (ROOT / "README.md").read_text().strip()
    assert not re.findall(r'(?:\]\(|src="|href="|srcset=")(?!https?:|#)', description)


def test_every_link_of_the_project_is_into_the_same_repository() -> None:
    urls = PROJECT["project"]["urls"]
    assert all(url.startswith(urls["Repository"]) for url in urls.values())


def test_the_extra_all_has_what_the_others_have() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    assert extras["all"] == [f"mnistmlp[{','.join(sorted(extras.keys() - {'all'}))}]"]


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "docs" / "changelog.md").read_text()
    first = re.search(r"^## \[?(\d[\w.]+)\]? - \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert first
    assert first[1] == __version__


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs' folder of a new virtual environment that the wheel is installed in.

    Other packages are taken from this environment: Python adds a folder that is named in a file
    *.pth, but reads no such file in it, as the one that leads to the clone.
    """
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, symlinks=os.name != "nt")
    paths = sysconfig.get_paths("venv", vars={"base": str(home), "platbase": str(home)})
    Path(paths["purelib"], "others.pth").write_text(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--python", str(home)]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", dist / WHEEL)
    return Path(paths["scripts"])


def test_the_wheel_works_outside_of_the_clone(installed: Path, tmp_path: Path) -> None:
    program, python = installed / "mnistmlp", installed / "python"
    code = "import mnistmlp; print(mnistmlp.__file__, mnistmlp.__version__)"
    file, found = run(python, "-W", "error", "-c", code).split()
    assert Path(file).is_relative_to(installed.parent)
    assert found == __version__
    assert run(program, "--version") == f"mnistmlp {__version__}\n"
    draw_page("seven").save("seven.png")
    assert run(program, "predict", "seven.png") == "7\n"
    assert run(program, "draw", "--output", "page.html") == "page.html\n"
    assert Path("page.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("pip", "found", "command"),
    [
        ("environment/bin/pip", True, "pip install"),
        ("elsewhere/pip", True, "environment/bin/python -m pip install"),
        (None, True, "environment/bin/python -m pip install"),
        (None, False, "uv pip install --python environment/bin/python"),
    ],
    ids=["activated", "not activated", "not activated, no other", "made by uv"],
)
def test_an_extra_is_installed_where_the_program_is(
    monkeypatch: pytest.MonkeyPatch, pip: str | None, found: bool, command: str
) -> None:
    monkeypatch.setattr("sys.executable", "environment/bin/python")
    monkeypatch.setattr("shutil.which", {"pip": pip}.get)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: found or None)
    assert install_command("report") == f"{command} 'mnistmlp[report]'"
