"""What the documents list is what there is."""

import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, TypeAdapter
from pydantic.fields import FieldInfo

from shared.contracts.registry import WIRE_TYPES
from shared.runtime.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
SERVICES = ["catalog", "orders", "inquiries", "analytics"]
VARIABLE = re.compile(r"^\| `((?:<SERVICE>_)?[A-Z][A-Z0-9_]+)` \| `([^`]*)` \| .+ \|$", re.MULTILINE)


def test_the_contracts_page_lists_every_type_under_its_topic() -> None:
    page = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")
    rows = {
        f"| `{topic}` | " + ", ".join(f"`{each.model.__name__}`" for each in types) + " |"
        for topic, types in groupby(WIRE_TYPES.values(), key=lambda wire_type: wire_type.topic)
    }
    assert rows - set(page.splitlines()) == set()


def test_the_index_of_decisions_lists_each_of_them() -> None:
    decisions = ROOT / "docs" / "adr"
    listed = re.findall(r"^\| \[\d+\]\((.+?)\) \|", (decisions / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == sorted(page.name for page in decisions.glob("0*.md"))


def test_the_map_of_the_runtime_names_each_module_once() -> None:
    runtime = ROOT / "shared" / "runtime"
    layers, _, _ = (runtime / "README.md").read_text(encoding="utf-8").partition("## Words")
    assert sorted(re.findall("`([a-z_]+)`", layers)) == sorted(path.stem for path in runtime.glob("[a-z]*.py"))


def test_the_readme_lists_every_variable_of_the_environment_with_its_default() -> None:
    listed = dict(VARIABLE.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert listed == dict(variables())


def variables() -> Iterator[tuple[str, str]]:
    """Of all services first, then of each by its own prefix; a default as the environment would say it."""
    for name, field in ServiceSettings.model_fields.items():
        yield variable(name, field, "<SERVICE>_"), said(field.default)
    for service in SERVICES:
        settings: type[ServiceSettings] = import_module(f"services.{service}.settings").Settings
        for name, field in settings.model_fields.items():
            common = ServiceSettings.model_fields.get(name)
            if common is None or common.default != field.default:
                yield variable(name, field, settings.model_config["env_prefix"]), said(field.default)


def variable(name: str, field: FieldInfo, prefix: str) -> str:
    if isinstance(field.validation_alias, AliasChoices):
        return str(field.validation_alias.choices[0])
    return f"{prefix}{name.upper()}"


def said(default: Any) -> str:
    if isinstance(default, timedelta):
        return str(TypeAdapter(timedelta).dump_python(default, mode="json"))
    return str(default) or '""'
