"""`sellerdesk parked` and `sellerdesk held` beside a service that runs and three that do not."""

import json
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from deploy.cli import VERBS, application
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_orders import PaymentCaptured
from tests.support.eventually import eventually
from tests.support.memory import T0, message_envelope
from tests.support.stack import Stack
from tests.support.store import Store

Sellerdesk = Callable[..., Result]
NOWHERE = "http://127.0.0.1:1"


def of_the_future(key: str) -> Envelope:
    return Envelope(id=uuid4().hex, source="/test", type="orders.Unheard.v1", time=T0, subject=key, data=b"{}")


@pytest.fixture(scope="module")
async def sellerdesk(stack: Stack) -> AsyncIterator[Sellerdesk]:
    async with Store(stack).opened() as store:
        orders = await store.start("orders")
        early = PaymentCaptured.model_validate(
            {"order_id": "ord_early", "payment_id": "p1", "method": "CARD", "amount": {"amount": 1, "currency": "KRW"}}
        )
        await store.send("orders.inbox", [*map(of_the_future, ["ord_a", "ord_a", "ord_b"]), message_envelope(early)])

        async def all_read() -> bool:
            found = store.database("orders")
            return bool(found["parked"].count_documents({}) == 3 and found["held"].count_documents({}) == 1)

        await eventually(all_read)
        urls = {f"{name}_URL": NOWHERE for name in ("CATALOG", "INQUIRIES", "ANALYTICS")} | {"ORDERS_URL": orders.url}

        def run(*args: str) -> Result:
            environment = {"KAFKA_BOOTSTRAP_SERVERS": stack.kafka, **urls}
            return CliRunner().invoke(application(list(VERBS)), args, env=environment)

        yield run


def test_a_silent_service_is_named_and_hides_no_other(sellerdesk: Sellerdesk) -> None:
    found = sellerdesk("parked", "list", "--json")
    assert {row["key"] for row in json.loads(found.stdout)} == {"ord_a", "ord_b"}
    assert found.exit_code == 3
    assert [line.partition(" ")[0] for line in found.stderr.splitlines()] == ["catalog", "inquiries", "analytics"]


def test_the_status_of_a_store_elsewhere_names_who_is_silent(sellerdesk: Sellerdesk) -> None:
    found = json.loads(sellerdesk("status", "--json").stdout)
    (orders,) = found["services"]
    assert (orders["service"], orders["parked"], orders["held"]) == ("orders", 3, 1)
    assert found["silent"] == ["catalog", "inquiries", "analytics"]
    shown = sellerdesk("status").stdout
    assert shown.count("no answer") == 3
    assert "orders.inbox" in shown


def test_lists_are_filtered_and_bounded(sellerdesk: Sellerdesk) -> None:
    def count(*filters: str) -> int:
        found = sellerdesk("parked", "list", "--service", "orders", "--json", *filters)
        assert found.exit_code == 0, found.stderr
        return len(json.loads(found.stdout))

    assert count("--key", "ord_a") == 2
    assert (count("--type", "orders.Unheard.v1"), count("--type", "orders.Known.v1")) == (3, 0)
    assert (count("--error", "UNKNOWN_TYPE"), count("--error", "RAISED")) == (3, 0)
    assert (count("--older-than", "0s"), count("--older-than", "2h")) == (3, 0)
    assert count("--limit", "1") == 1


def test_held_records_are_listed_with_what_they_wait_for(sellerdesk: Sellerdesk) -> None:
    found = sellerdesk("held", "list", "--group", "orders", "--json")
    (row,) = json.loads(found.stdout)
    assert (row["key"], row["type"], row["waits_for"]) == (
        "ord_early",
        "orders.PaymentCaptured.v1",
        "order/ord_early",
    )


def test_what_stays_parked_and_what_is_wrong_is_told_by_the_exit_code(sellerdesk: Sellerdesk) -> None:
    stays = sellerdesk("parked", "retry", "orders", "ord_a", "--dry-run")
    assert (stays.exit_code, stays.stdout.splitlines()[0]) == (1, "Would apply 0; 2 stay parked.")
    assert "orders.Unheard.v1 is not taken here" in stays.stdout
    assert sellerdesk("parked", "retry-all", "--service", "orders", "--yes").exit_code == 1
    assert sellerdesk("parked", "retry", "catalog", "x").exit_code == 3
    assert sellerdesk("parked", "retry", "nobody", "x").exit_code == 2
    assert sellerdesk("parked", "list", "--older-than", "soon").exit_code == 2
    assert sellerdesk("parked", "drop-all", "--service", "orders").exit_code == 2


def test_dropping_takes_what_was_named_and_says_who_did_it(sellerdesk: Sellerdesk) -> None:
    drop = ("parked", "drop-all", "--service", "orders", "--key", "ord_b")
    assert sellerdesk(*drop, "--dry-run").stdout == "Would drop 1.\n"
    assert sellerdesk(*drop, "--yes", "--actor", "operator:kim").stdout == "Dropped 1.\n"
    first, second = json.loads(sellerdesk("parked", "list", "--group", "orders", "--json").stdout)
    shown = json.loads(sellerdesk("parked", "show", first["id"]).stdout)
    assert (shown["value"], shown["key"]) == ("{}", "ord_a")
    assert sellerdesk("parked", "drop", "orders", "ord_a", "--id", second["id"]).exit_code == 0
    audit = json.loads(sellerdesk("parked", "audit", "--service", "orders", "--json").stdout)
    assert [(row["actor"], row["what"], row["key"]) for row in audit] == [
        ("operator:local", "drop", "ord_a"),
        ("operator:kim", "drop", "ord_b"),
    ]
    assert sellerdesk("parked", "show", first["id"]).exit_code == 0
