"""`sellerdesk erase` with both services that keep something of customers, and with one of them away."""

import json
from collections.abc import AsyncIterator, Callable

import pytest
from typer.testing import CliRunner, Result

from deploy.cli import VERBS, application
from tests.orders.integration.conftest import ORDER
from tests.support.stack import Stack
from tests.support.store import Store

Sellerdesk = Callable[..., Result]
NOWHERE = "http://127.0.0.1:1"
ASKED = {"channel": "web", "name": "Im Kkeokjeong", "contact": "000-7777-0000", "text": "Where is it?"}


@pytest.fixture(scope="module")
async def sellerdesk(stack: Stack) -> AsyncIterator[Sellerdesk]:
    async with Store(stack).opened() as store:
        orders, inquiries = await store.start("orders"), await store.start("inquiries")
        for id, customer in (("ord_gone", "cus_gone"), ("ord_open", "cus_open")):
            assert (
                await orders.http.post("/orders", json=ORDER | {"order_id": id, "customer_id": customer})
            ).is_success
        claim = {"type": "CANCEL", "reason": "INTENT_CHANGED", "decided": True}
        assert (await orders.http.post("/orders/ord_gone/claims", json=claim)).is_success
        for asked in ({"customer_id": "cus_gone"}, {"customer_id": "cus_open"}, {"order_id": "ord_gone"}):
            assert (await inquiries.http.post("/inquiries", json=ASKED | asked)).is_success
        there = {"ORDERS_URL": orders.url, "INQUIRIES_URL": inquiries.url}

        def run(*args: str, **away: str) -> Result:
            silent = {f"{name}_URL": NOWHERE for name in ("CATALOG", "ANALYTICS")}
            environment = {"KAFKA_BOOTSTRAP_SERVERS": stack.kafka, **silent, **there, **away}
            return CliRunner().invoke(application(list(VERBS)), ["erase", *args], env=environment)

        yield run


def counts(result: Result) -> dict[str, dict[str, int] | None]:
    return {outcome["service"]: outcome["removed"] for outcome in json.loads(result.stdout)["services"]}


def test_it_is_refused_as_a_whole_while_an_order_needs_its_recipient(sellerdesk: Sellerdesk) -> None:
    refused = sellerdesk("cus_open", "--yes")
    assert refused.exit_code == 1
    assert "ord_open: 3 units are to be shipped or cancelled" in refused.stderr
    assert counts(sellerdesk("cus_open", "--yes", "--json"))["inquiries"] is None


def test_a_service_that_is_away_is_named_and_saying_it_again_does_the_rest(sellerdesk: Sellerdesk) -> None:
    nothing = sellerdesk("cus_gone", "--yes", "--json", ORDERS_URL=NOWHERE)
    assert (nothing.exit_code, counts(nothing)["orders"], counts(nothing)["inquiries"]) == (3, None, None)
    dry = sellerdesk("cus_gone", "--dry-run", "--json")
    part = sellerdesk("cus_gone", "--yes", "--json", INQUIRIES_URL=NOWHERE)
    assert (part.exit_code, counts(part)["inquiries"]) == (3, None)
    rest = sellerdesk("cus_gone", "--yes", "--json")
    done = counts(part)["orders"], counts(rest)["inquiries"], counts(rest)["catalog"], counts(rest)["analytics"]
    assert done == (counts(dry)["orders"], counts(dry)["inquiries"], {}, {})
    assert (done[0] or {})["recipients"] == 1
    assert (done[1] or {})["tickets"] == 2
    again = sellerdesk("cus_gone", "--yes", "--json")
    assert (again.exit_code, {n for c in counts(again).values() if c for n in c.values()}) == (0, {0})


def test_what_was_removed_is_shown_per_service_and_what_is_kept_how_long(sellerdesk: Sellerdesk) -> None:
    shown = sellerdesk("cus_gone", "--dry-run")
    assert shown.exit_code == 0
    for word in ("recipients", "tickets", "catalog", "analytics", "orders.inbox keeps what it was told for 7 days"):
        assert word in shown.stdout
    assert sellerdesk("not a customer", "--yes").exit_code == 2
    assert sellerdesk("cus_gone").exit_code == 2
