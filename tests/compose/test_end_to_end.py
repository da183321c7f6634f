"""What `make e2e-compose` says where it cannot run, and what its proof notices. Needs no engine."""

import asyncio
import re
import socket
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from deploy.compose.engine import ports, refuse_without_engine, version
from deploy.compose.load import Askers
from deploy.compose.published import Published
from deploy.local.failure import StackFailure
from deploy.replay.demo.desk import Customer
from shared.contracts.envelope import Envelope

FAILING_DOCKER = "#!/bin/sh\necho 'Cannot connect to the Docker daemon. Is the docker daemon running?' >&2\nexit 1\n"
WITHOUT_COMPOSE = (
    "#!/bin/sh\n[ $1 = version ] && echo 28.0.1 && exit 0\necho \"'compose' is not a docker command\" >&2\nexit 1\n"
)
OLD_COMPOSE = "#!/bin/sh\n[ $1 = version ] && echo 28.0.1 || echo 2.20.0\n"


@pytest.mark.parametrize(
    ("docker", "sentence"),
    [
        (None, "There is no `docker` on the PATH"),
        (FAILING_DOCKER, "No Docker engine answers; start it or name it in DOCKER_HOST. It says: Cannot connect"),
        (WITHOUT_COMPOSE, "This Docker has no compose v2; install its plugin, 2.24.4 or later."),
        (OLD_COMPOSE, "This is compose 2.20.0; the compose files need 2.24.4 or later."),
    ],
    ids=["no docker", "no engine", "no compose", "old compose"],
)
async def test_it_says_in_a_sentence_what_the_machine_lacks(
    docker: str | None, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if docker is not None:
        (tmp_path / "docker").write_text(docker)
        (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackFailure, match=re.escape(sentence)):
        await refuse_without_engine()


def test_a_port_that_is_taken_is_named() -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(StackFailure, match=rf"Taken by another program: port {taken} \(GATEWAY_PORT\)"):
            ports({"GATEWAY_PORT": str(taken)})


@pytest.mark.parametrize("wrong", ["http", "0", "65536", "-1", "80:80"])
def test_a_port_that_is_none_is_named(wrong: str) -> None:
    with pytest.raises(StackFailure, match=rf"KAFKA_PORT={wrong}: a port is a number from 1 to 65535"):
        ports({"GATEWAY_PORT": "8080", "KAFKA_PORT": wrong})


def test_ports_that_are_not_named_are_free_ones_that_differ() -> None:
    assert len(set(ports({}).values())) == 4


def test_versions_are_compared_as_numbers() -> None:
    assert version("v2.9.0") < version("2.24.4") <= version("2.40.3-3")


def event(aggregate: str, sequence: int) -> Envelope:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Envelope(
        id=f"{aggregate}/{sequence}", source="/orders", type="orders.OrderPaid.v1", time=at, subject=aggregate,
        data=b"{}", sequence=sequence, aggregate="order",
    )  # fmt: skip


def test_a_missing_event_is_a_gap_and_a_repeated_one_is_not() -> None:
    published = Published()
    for one in [event("a", 1), event("b", 1), event("a", 2), event("a", 1), event("a", 2), event("b", 3)]:
        published.add(one)
    assert (published.events, published.repeated) == (6, 2)
    assert published.gaps == ["order b: event 3 follows 1"]


async def test_a_ticket_that_nobody_acknowledged_is_asked_for_again_under_the_same_key() -> None:
    keys: list[str] = []
    over = asyncio.Event()

    def desk(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            raise httpx.RemoteProtocolError("the replica went away", request=request)
        over.set()
        return httpx.Response(201, json={"inquiry_id": "inq_1"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(desk)) as client:
        askers = Askers(client, "http://gateway/inquiries", [Customer("ord_1", "cus_1"), Customer("ord_2", "cus_2")])
        await askers.run(over, pause=0)
    assert [ticket.inquiry_id for ticket in askers.acknowledged] == ["inq_1"]
    assert askers.repeated == 1
    assert len(keys) == 2
    assert len(set(keys)) == 1
