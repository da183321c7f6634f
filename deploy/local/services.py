from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from deploy.local.part import Part
from deploy.local.ports import Ports
from deploy.local.store import Store, StoreName

LANGUAGE: dict[StoreName, str] = {"default": "ko", "completejourney": "en", "olist": "en", "online-retail": "en"}
COUNTRY: dict[StoreName, str] = {"default": "KR", "completejourney": "US", "olist": "BR", "online-retail": "GB"}


def service_parts(
    directory: Path, commands: Mapping[str, Sequence[str]], ports: Ports, environment: Mapping[str, str]
) -> list[Part]:
    return [_service(name, command, ports[name], directory, environment) for name, command in commands.items()]


def service_environment(kafka: str, mongo: str, store: Store) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "MONGODB_URI": mongo,
        "STORE_CURRENCY": store.currency,
        "STORE_TIMEZONE": store.timezone,
        "INQUIRIES_LANGUAGE": LANGUAGE[store.name],
        "ORDERS_HOLIDAY_COUNTRY": COUNTRY[store.name],
        "LOG_FORMAT": "json",
    }


def _service(name: str, command: Sequence[str], port: int, directory: Path, environment: Mapping[str, str]) -> Part:
    url = f"http://127.0.0.1:{port}"
    return Part(
        name=name,
        command=command,
        environment={**environment, f"{name.upper()}_HTTP_PORT": str(port)},
        log=directory / "logs" / f"{name}.log",
        ready=lambda: is_ready(url),
        url=url,
    )


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=1).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
