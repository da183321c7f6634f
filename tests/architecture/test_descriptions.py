"""The HTTP API's page and document lead to each other and back to the service, behind any gateway's prefix."""

import re
from importlib import import_module
from urllib.parse import urljoin

import httpx
import pytest

from deploy.local.ports import SERVICES
from shared.runtime.service import build_app


@pytest.mark.parametrize("base", ["http://127.0.0.1:8101/", "http://store.example/back/office/"])
@pytest.mark.parametrize("service", SERVICES)
async def test_an_api_can_be_read_and_tried_wherever_a_gateway_puts_it(service: str, base: str) -> None:
    app, settings = (import_module(f"services.{service}.{name}") for name in ("app", "settings"))
    transport = httpx.ASGITransport(build_app(app.build(settings.Settings())))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        page, document = await client.get("/docs"), (await client.get("/openapi.json")).json()
    named = re.search(r"\burl: '([^']+)'", page.text)
    assert named
    assert urljoin(f"{base}docs", named[1]) == f"{base}openapi.json"
    assert urljoin(f"{base}openapi.json", document["servers"][0]["url"]) == base
    assert document["info"]["title"] in page.text
