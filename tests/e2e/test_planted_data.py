"""Marketplace and shop data that a test made, oddities included, through the four services by commands one types."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.local.ports import SERVICES
from deploy.target import Target
from tests.e2e.test_a_day import Shop
from tests.replay import gift_shop, olist_market
from tests.support.stack import Stack
from tests.support.store import Store

pytestmark = pytest.mark.stack
MARKETPLACE = {"STORE_CURRENCY": "BRL", "STORE_TIMEZONE": "America/Sao_Paulo", "ORDERS_HOLIDAY_COUNTRY": "BR"}
GIFT_SHOP = {"STORE_CURRENCY": "GBP", "STORE_TIMEZONE": "Europe/London", "ORDERS_HOLIDAY_COUNTRY": "GB"}


@asynccontextmanager
async def a_shop(stack: Stack, store: Mapping[str, str]) -> AsyncIterator[Shop]:
    async with Store(stack, **store).opened() as opened:
        processes = await asyncio.gather(*(opened.start(name) for name in SERVICES))
        urls = {name: process.url for name, process in zip(SERVICES, processes, strict=True)}
        yield Shop(Target(stack.kafka, urls, opened.prefix))


async def replayed_twice(shop: Shop, source: str, folder: Path) -> str:
    """What reconcile prints, the same after either time."""
    where = (source, "--path", str(folder))
    await shop.replay(*where)
    first = await shop.type("reconcile", "--source", *where)
    assert (first.returncode, first.stderr) == (0, ""), first.stdout
    again = await shop.replay(*where)
    assert again.splitlines()[-1].startswith("Nothing changed: all of it had been sent before")
    assert (await shop.type("reconcile", "--source", *where)).stdout == first.stdout
    return first.stdout


async def test_a_marketplace_ends_with_every_order_where_its_row_says(stack: Stack, tmp_path: Path) -> None:
    unpaid = olist_market.order("unpaid", order_approved_at=None)
    olist_market.files(
        tmp_path,
        [
            olist_market.order("kept"),
            olist_market.order("hasty", order_delivered_carrier_date="2017-10-20 12:00:00"),
            olist_market.order("back", order_status="canceled"),
            olist_market.order("refused", order_status="canceled", order_delivered_customer_date=None),
            olist_market.called_off("off"),
            olist_market.called_off("gone", order_status="unavailable", order_approved_at=None),
            unpaid,
        ],
    )
    async with a_shop(stack, MARKETPLACE) as shop:
        told = (await replayed_twice(shop, "olist", tmp_path)).splitlines()
    assert [line.strip() for line in told if line.startswith("  ")] == [
        "1 canceled: CANCELED",
        "2 canceled: RETURNED",
        "2 delivered: DELIVERED",
        "1 unavailable: CANCELED",
        "1 delivered: PAYMENT_WAITING, for the files tell no approval of its payment",
    ]


async def test_a_gift_shop_s_returns_are_returns_of_parts(stack: Stack, tmp_path: Path) -> None:
    gift_shop.files(
        tmp_path,
        [
            gift_shop.line("500001", Quantity="3", Price="0.335"),
            gift_shop.line("500001", Quantity="3", Price="0.335"),
            gift_shop.line("500002", StockCode="10002a"),
            gift_shop.line("500003", StockCode="10003", Price="0.001"),
            gift_shop.back("C500009", "-4"),
            gift_shop.back("C500010", "-1", at="2010-03-01 13:00:00"),
            gift_shop.back("C500011", "-2", StockCode="10002A"),
            gift_shop.back("C500012", "-1", StockCode="10003"),
            gift_shop.back("C500013", "-1", CustomerID=None),
        ],
    )
    async with a_shop(stack, GIFT_SHOP) as shop:
        told = (await replayed_twice(shop, "online-retail", tmp_path)).splitlines()
    assert [line.strip() for line in told if line.startswith("  ")] == [
        "2 invoice, a part of it taken back: DELIVERED",
        "1 invoice, all of it taken back: RETURNED",
    ]
