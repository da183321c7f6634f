"""Whether each API can be read and tried where the gateway has put it."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urljoin

import httpx

from deploy.target import Target

_NAMED = re.compile(r"\burl: '([^']+)'")


async def undescribed(target: Target, client: httpx.AsyncClient) -> AsyncIterator[str]:
    """A complaint for each service whose page, or what the page names, does not lead back to the service."""
    for name, url in target.urls.items():
        page = f"{url}/docs"
        document = urljoin(page, _document(await client.get(page)))
        answer = await client.get(document)
        server = urljoin(document, answer.json()["servers"][0]["url"]) if answer.is_success else "nothing"
        if server.rstrip("/") != url:
            yield f"{name}: {page} leads to {document}, which is answered {answer.status_code} and names {server}"


def _document(page: httpx.Response) -> str:
    """As the page's script would ask for it; a page without any names itself."""
    named = _NAMED.search(page.text)
    return named[1] if named else ""
