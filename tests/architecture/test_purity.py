"""What answers a message is a function of its arguments: run again, it decides the same."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ["catalog", "orders", "inquiries", "analytics"]
IMPURE_MODULES = {"asyncio", "os", "random", "secrets", "socket", "subprocess", "threading", "time", "uuid6"}
IMPURE_CALLS = re.compile(
    r"(.*\.)?((datetime|date)\.(now|utcnow|today)|uuid[147]|getenv)|open|print|input",
)


def tree(name: str) -> ast.Module:
    return ast.parse(file_of(name).read_text(encoding="utf-8"))


def file_of(name: str) -> Path:
    return ROOT / (name.replace(".", "/") + ".py")


def pure_modules(service: str) -> set[str]:
    """The domain, and `handlers` with whatever it stands on, short of what describes documents to MongoDB."""
    found: set[str] = set()
    domain = (ROOT / "services" / service / "domain").glob("*.py")
    waiting = [f"services.{service}.handlers", *(f"services.{service}.domain.{path.stem}" for path in domain)]
    while waiting:
        name = waiting.pop()
        if name not in found and name != f"services.{service}.repository":
            found.add(name)
            waiting += [imported for imported in imports(name) if imported.startswith(f"services.{service}.")]
    return found


def imports(name: str) -> Iterator[str]:
    for node in ast.walk(tree(name)):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                named = [f"{module}.{alias.name}" for alias in node.names]
                submodules = [name for name in named if file_of(name).exists()]
                yield from submodules or [module]


def impurities(name: str) -> Iterator[str]:
    yield from (f"imports {module}" for module in imports(name) if module.split(".")[0] in IMPURE_MODULES)
    for node in ast.walk(tree(name)):
        match node:
            case ast.Call() if IMPURE_CALLS.fullmatch(called := ast.unparse(node.func)):
                yield f"line {node.lineno} calls {called}()"
            case ast.AsyncFunctionDef() | ast.Await():
                yield f"line {node.lineno} is asynchronous"


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_that_decides_or_projects_looks_beyond_its_arguments(service: str) -> None:
    modules = pure_modules(service)
    assert len(modules) > 2
    assert {name: found for name in sorted(modules) if (found := list(impurities(name)))} == {}


def test_the_runtime_around_them_does_so_the_rule_above_can_fail() -> None:
    assert {"imports time", "imports random"} <= set(impurities("shared.runtime.mongo"))
    assert any("calls datetime.now()" in found for found in impurities("shared.runtime.transaction"))
