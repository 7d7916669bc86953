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

# what each module of the package may import of it; cli may import all
BELOW: dict[str, set[str]] = {
    "errors": set(),
    "atomic": set(),
    "blas": set(),
    "core": {"errors"},
    "backpropagation": {"core"},
    "adversarial": {"backpropagation", "core"},
    "augment": {"core"},
    "batches": {"core"},
    "optim": {"core"},
    "hardest": {"backpropagation", "batches", "core"},
    "initial": {"core"},
    "pruning": {"core"},
    "calibration": {"core"},
    "metrics": {"calibration", "core"},
    "idx": {"atomic", "errors"},
    "recipes": {"errors"},
    "components": set(),
    "ink": {"components"},
    "strokes": set(),
    "decoding": {"errors", "ink"},
    "images": {"core", "decoding", "errors", "ink", "strokes"},
    "explain": {"atomic", "core", "errors", "images", "ink"},
    "record": {"atomic"},
    "datasets": {"core", "errors", "idx", "record"},
    "unpacking": set(),
    "arrival": {"datasets", "unpacking"},
    "placement": {"atomic", "datasets", "errors", "record"},
    "download": {"arrival", "datasets", "errors", "placement", "record"},
    "skeletons": set(),
    "synthetic": {"core", "skeletons"},
    "builtin": {"datasets", "errors", "idx", "synthetic"},
    "training": {
        *("adversarial", "augment", "backpropagation", "batches", "calibration", "core", "errors"),
        *("hardest", "initial", "metrics", "optim", "recipes"),
    },
    "archive": {"atomic"},
    "provenance": {"", "blas", "core", "errors", "recipes"},
    "brain": {
        *("archive", "calibration", "core", "errors", "provenance", "recipes", "training"),
    },
    "extras": {"errors"},
    "export": {
        *("", "atomic", "brain", "calibration", "core", "errors", "export.html", "export.metadata"),
        *("export.onnx", "export.safetensors", "extras"),
    },
    "importing": {"archive", "brain", "core", "errors", "extras", "provenance"},
    "checkpoint": {"archive", "core", "errors", "provenance", "recipes", "training"},
}
OWNERS = {
    "requests": {"download"},
    "urllib3": {"download"},
    "PIL": {"decoding", "images", "explain"},
    "onnx": {"export"},
    "safetensors": {"export", "importing"},
    "typer": {"cli"},
    "rich": {"cli"},
}
NUMPY_ONLY = {
    *("core", "backpropagation", "adversarial", "augment", "batches", "initial", "optim"),
    *("hardest", "metrics", "idx", "pruning", "calibration", "components", "ink", "strokes"),
    *("skeletons", "synthetic"),
}


def imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / module).with_suffix(".py").read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield node.module or ""


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_point_down(module: Path) -> None:
    layer = module.parts[0]
    for name in imports(module):
        top, _, rest = name.partition(".")
        if top == "mnistmlp" and layer not in ("cli", "__main__", "__init__"):
            assert rest in BELOW[layer], f"{module} imports {name}"
        if top in OWNERS:
            assert layer in OWNERS[top], f"{module} imports {name}"
        if layer in NUMPY_ONLY and top != "mnistmlp":
            assert top == "numpy" or top in sys.stdlib_module_names, f"{module} imports {name}"


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
    assert text.count("\n") <= (150 if module.parts[0] == "cli" else 350)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            documented = ast.get_docstring(node) and len(node.body) > 1
            start = node.body[1 if documented else 0].lineno
            assert (node.end_lineno or 0) - start < 40, f"{module}: {node.name}"


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


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_little(option: str) -> None:
    assert not loaded_by_command(option) & {"numpy", "rich", "requests", "PIL"}


def test_every_public_name_is_there() -> None:
    for name in mnistmlp.__all__:
        assert getattr(mnistmlp, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mnistmlp.nothing


def test_public_names_for_type_checkers_are_the_same() -> None:
    tree = ast.parse((ROOT / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    shown = {
        (alias.asname, node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert shown == {(name, f"mnistmlp.{mnistmlp._HOME[name]}") for name in mnistmlp._HOME}
