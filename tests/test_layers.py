"""Imports point one way, and only the command line prints."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mnistmlp

ROOT = Path(mnistmlp.__file__).parent
MODULES = sorted(path.relative_to(ROOT).with_suffix("") for path in ROOT.rglob("*.py"))
NAMES = {".".join(("mnistmlp", *module.parts)).removesuffix(".__init__") for module in MODULES}

# the wings from the top down; each may import those named, itself and the ground
BELOW: dict[str, set[str]] = {
    "cli": {"exchange", "report", "tuning", "brains", "training", "core", "data", "pictures"},
    "exchange": {"brains", "training", "core", "data"},
    "report": {"exchange", "brains", "training", "core", "data", "pictures"},
    "tuning": {"training", "core"},
    "brains": {"training", "core", "data", "pictures"},
    "training": {"core"},
    "core": set(),
    "data": set(),
    "pictures": set(),
}
GROUND = {"arrays", "atomic", "blas", "errors", "version", "workers"}
OWNERS = {  # of packages that others must not import: a wing, or a module of one
    "requests": "data/web",
    "urllib3": "data/web",
    "PIL": "pictures",
    "onnx": "exchange/onnx",
    "safetensors": "exchange/safetensors",
    "matplotlib": "report",
    "jinja2": "report",
    "tensorboardX": "exchange/tensorboard",
    "dask": "brains/cluster",
    "distributed": "brains/cluster",
    "optuna": "tuning",
    "sqlalchemy": "tuning",
    "typer": "cli",
    "rich": "cli",
}
MAX_LINES, MAX_FUNCTION = 350, 40
MAX_AT_ROOT, MAX_IN_FOLDER = 8, 16


def imports(module: Path) -> Iterator[str]:
    """Yield the names of the modules that a module imports, within functions too."""
    for node in ast.walk(ast.parse((ROOT / module).with_suffix(".py").read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            source = node.module or ""
            for alias in node.names:  # of `from mnistmlp import blas` the module is mnistmlp.blas
                within = f"{source}.{alias.name}"
                yield within if within in NAMES else source


def package_imports(module: Path) -> Iterator[str]:
    """Yield the modules of this package that one of them imports, as ``core.network``."""
    for name in imports(module):
        top, _, rest = name.partition(".")
        if top == "mnistmlp" and rest:
            yield rest


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_point_down(module: Path) -> None:
    wing = module.parts[0]
    assert "mnistmlp" not in imports(module), f"{module} imports the whole package"
    if wing in ("__init__", "__main__"):
        return
    allowed = GROUND if wing in GROUND else BELOW[wing] | {wing} | GROUND
    for name in package_imports(module):
        assert name.split(".")[0] in allowed, f"{module} imports {name}"


def test_no_imports_go_in_a_circle() -> None:
    graph = {".".join(module.parts): set(package_imports(module)) for module in MODULES}
    while graph:
        leaves = {name for name, below in graph.items() if not below & graph.keys()}
        assert leaves, f"a circle among {sorted(graph)}"
        graph = {name: below for name, below in graph.items() if name not in leaves}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_packages_have_owners(module: Path) -> None:
    for name in imports(module):
        top = name.split(".")[0]
        if top in OWNERS:
            assert module.as_posix().startswith(OWNERS[top]), f"{module} imports {name}"
        if module.parts[0] == "core" and top != "mnistmlp":
            assert top == "numpy" or top in sys.stdlib_module_names, f"{module} imports {name}"


def test_the_house_is_not_crowded() -> None:
    assert len(list(ROOT.glob("*.py"))) <= MAX_AT_ROOT
    for folder in {(ROOT / module).parent for module in MODULES}:
        assert len(list(folder.glob("*.py"))) <= MAX_IN_FOLDER, f"{folder} fills up"


def test_every_wing_says_what_is_in_it_and_no_more() -> None:
    names = ("convert", "train", "tune", "recipes", "evaluate", "predict", "draw", "info", "watch")
    commands = {
        Path("__init__"),
        *(Path("cli") / name / "__init__" for name in names),
    }
    for module in MODULES:
        if module.name == "__init__" and module not in commands | {Path("__init__")}:
            body = ast.parse((ROOT / module).with_suffix(".py").read_text()).body
            assert len(body) == 1, f"{module} holds more than a docstring"
            assert isinstance(body[0], ast.Expr), f"{module} has no docstring"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_only_the_command_line_prints_or_exits(module: Path) -> None:
    if module.parts[0] in ("cli", "__main__"):
        return
    for node in ast.walk(ast.parse((ROOT / module).with_suffix(".py").read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("print", "exit", "quit", "input"), f"{module} prints"
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("stdout", "stderr", "exit"), f"{module} knows a terminal"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_files_and_functions_are_short(module: Path) -> None:
    text = (ROOT / module).with_suffix(".py").read_text()
    assert text.count("\n") <= MAX_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            documented = ast.get_docstring(node) and len(node.body) > 1
            start = node.body[1 if documented else 0].lineno
            assert (node.end_lineno or 0) - start < MAX_FUNCTION, f"{module}: {node.name}"


def test_nothing_is_unpickled() -> None:
    for module in MODULES:
        text = (ROOT / module).with_suffix(".py").read_text()
        assert "allow_pickle=True" not in text
        assert not {"pickle", "marshal", "shelve"} & set(imports(module))


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh Python has loaded after running code."""
    report = "import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split("\n")[-2].split())


def loaded_by_command(*words: object) -> set[str]:
    """Return the modules that a fresh Python has loaded after running a command."""
    return loaded_by(f"""
import contextlib
from mnistmlp.cli.app import app
with contextlib.suppress(SystemExit):
    app({[str(word) for word in words]}, prog_name="mnistmlp")
""")


def test_importing_the_package_loads_nothing() -> None:
    loaded = loaded_by("import mnistmlp")
    assert not loaded & {"numpy", "typer", "rich", "requests", "PIL", "platformdirs"}


def test_loading_data_does_not_load_what_converts_others() -> None:
    assert "mnistmlp.data.convert.sources" not in loaded_by("import mnistmlp.data.datasets")


def test_evaluating_does_not_load_what_draws_reports() -> None:
    assert "mnistmlp.report.charts.figures" not in loaded_by("import mnistmlp.cli.evaluate")


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["train", "--help"]], ids=str)
def test_help_and_version_load_little(words: list[str]) -> None:
    assert not loaded_by_command(*words) & {"numpy", "rich", "requests", "PIL"}


def test_every_public_name_is_there() -> None:
    for name in dir(mnistmlp):
        assert getattr(mnistmlp, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mnistmlp.nothing  # type: ignore[attr-defined]


def test_public_names_for_type_checkers_are_the_same() -> None:
    tree = ast.parse((ROOT / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    shown = {
        (alias.name, node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    homes = vars(mnistmlp)["_HOME"]
    assert shown == {(name, f"mnistmlp.{homes[name]}") for name in homes}
    assert set(dir(mnistmlp)) == set(vars(mnistmlp)["__all__"]) == {"__version__", *homes}
