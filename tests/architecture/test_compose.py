"""What the compose files and the Dockerfile promise, read without an engine."""

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import AliasChoices

from deploy.local import kafka
from deploy.local.ports import SERVICES, default_ports
from services.catalog.file_routes import router as catalog_files
from services.orders.file_routes import router as orders_files
from shared.files.over_http import MAX_BYTES
from shared.runtime.settings import ServiceSettings

ROOT = Path(__file__).parents[2]
ADDRESSES = {
    "advertised.listeners",
    "controller.quorum.voters",
    "listeners",
    "log.dirs",
}


class ComposeLoader(yaml.SafeLoader):
    """Knows the tag with which an override replaces a list instead of extending it."""


def replacing(loader: ComposeLoader, node: Any) -> list[Any]:
    return list(loader.construct_sequence(node))


ComposeLoader.add_constructor("!override", replacing)


def compose(name: str = "docker-compose.yml") -> dict[str, Any]:
    loaded = yaml.load((ROOT / name).read_text(encoding="utf-8"), ComposeLoader)
    assert isinstance(loaded, dict)
    return loaded


def instructions() -> list[str]:
    text = (ROOT / "deploy/images/Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def variables(settings: type[ServiceSettings]) -> Iterator[str]:
    for name, field in settings.model_fields.items():
        match field.validation_alias:
            case AliasChoices(choices=choices):
                yield from map(str, choices)
            case _:
                yield f"{settings.model_config['env_prefix']}{name.upper()}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_told_only_what_it_has_a_setting_for(service: str) -> None:
    told: Mapping[str, object] = compose()["services"][service]["environment"]
    settings: type[ServiceSettings] = import_module(f"services.{service}.settings").Settings
    assert set(told) - set(variables(settings)) == set()
    assert told[f"{service.upper()}_HTTP_HOST"] == "0.0.0.0"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_no_rights_it_does_not_need_and_can_be_scaled(service: str) -> None:
    definition = compose()["services"][service]
    assert definition["restart"] == "unless-stopped"
    assert definition["stop_grace_period"] == "30s"
    assert definition["mem_limit"] == "512m"
    assert definition["read_only"] is True
    assert definition["cap_drop"] == ["ALL"]
    assert definition["security_opt"] == ["no-new-privileges:true"]
    assert {"container_name", "ports", "hostname", "privileged", "user"} & set(definition) == set()


@pytest.mark.parametrize("file", ["docker-compose.yml", "docker-compose.cluster.yml"])
def test_ports_are_published_on_the_loopback_interface_only(file: str) -> None:
    published = [port for definition in compose(file)["services"].values() for port in definition.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:${")] == []


def test_an_image_holds_shared_and_one_service() -> None:
    stage = instructions()[max(n for n, line in enumerate(instructions()) if line.startswith("FROM")) :]
    copied = [line.split()[1] for line in stage if line.startswith("COPY")]
    assert copied == ["shared", "services/__init__.py", "services/${SERVICE}"]
    assert stage.index("USER 10001:10001") > max(n for n, line in enumerate(stage) if line.startswith(("COPY", "RUN")))
    assert any(line.startswith("HEALTHCHECK") and "/health/ready" in line for line in stage)


def test_a_build_sees_everything_that_it_copies() -> None:
    seen = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    copies = [line.split()[1:-1] for line in instructions() if line.startswith("COPY") and "--from" not in line]
    sources = {PurePosixPath(source) for sources in copies for source in sources}
    assert {str(source) for source in sources if not any(source.is_relative_to(name) for name in seen)} == set()
    assert [name for name in seen if not (ROOT / name).exists()] == []


def test_kafka_has_the_limits_of_the_embedded_one() -> None:
    given = compose()["services"]["kafka"]["environment"]
    for name, value in kafka.settings(PurePosixPath("/data"), default_ports()).items():
        variable = "KAFKA_" + name.upper().replace(".", "_")
        assert variable in given
        assert name in ADDRESSES or str(given[variable]) == str(value), name


def test_the_gateway_knows_every_service() -> None:
    text = (ROOT / "deploy/nginx/nginx.conf").read_text(encoding="utf-8")
    named = re.search(r"\(\?<name>([a-z|]+)\)", text)
    assert named is not None
    assert named[1].split("|") == list(SERVICES)


@pytest.mark.parametrize(("service", "router"), [("catalog", catalog_files), ("orders", orders_files)])
def test_the_gateway_takes_files_as_large_as_the_services_do(service: str, router: APIRouter) -> None:
    (path,) = [route.path for route in router.routes if isinstance(route, APIRoute) and "POST" in (route.methods or ())]
    text = (ROOT / "deploy/nginx/nginx.conf").read_text(encoding="utf-8")
    larger = re.search(r"location ~ (\S+) \{\s+client_max_body_size (\d+)m;", text)
    assert larger is not None
    assert re.match(larger[1], f"/{service}{path}")
    assert int(larger[2]) * 2**20 >= MAX_BYTES
