"""The demo on a running store: the week in, its tickets and figures out, and what differs from what must be."""

import asyncio
import time
from collections.abc import Sequence
from itertools import chain

import httpx
from rich.console import Console

from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.demo import checks, pictures, sales
from deploy.replay.demo.desk import Asked, Desk, Ticket
from deploy.replay.demo.phases import Phases
from deploy.replay.demo.week import BOOKED, PLACED, SEED, Week
from deploy.replay.expectation import bookings, expected, sold_lines
from deploy.replay.inboxes import Inboxes
from deploy.replay.reconcile import ledger_against, rollups_against_ledger
from deploy.replay.replay import Pace, send, send_products
from deploy.replay.shelves import expected_shelves, found_shelves
from deploy.replay.watch import moment, until_quiet
from deploy.target import Target
from shared.contracts.envelope import Envelope

GRAINS = ("day", "week", "month")


class Demo:
    def __init__(self, week: Week, target: Target, client: httpx.AsyncClient, phases: Phases, console: Console) -> None:
        self._week = week
        self._target = target
        self._client = client
        self._phases = phases
        self._console = console
        self._desk = Desk(client, target.urls["inquiries"], SEED)

    async def replay(self) -> list[Asked]:
        """The tickets that were opened."""
        week, asking = self._week, self._week.asking
        async with Inboxes(self._target.kafka, self._target.topic_prefix) as inboxes:
            with self._phases("products", "Products into catalog"):
                await send_products(week.source, inboxes, self._client, self._target, lambda _: None)
            with self._phases("tickets before", f"{1 + len(asking.before)} tickets about orders that nobody knows yet"):
                (followed,) = await self._desk.open([asking.followed], wait_share=1)
                before = await self._desk.open(asking.before, wait_share=0.5)
            await self._show("Before its order is known", followed)
            with self._phases("orders, first half", f"{len(week.until_pause):,} messages up to Thursday evening"):
                await self._send(week.until_pause, inboxes)
            await self._show("Before its order ships", followed)
            with self._phases("tickets, unshipped", f"{len(asking.unshipped)} tickets about orders not shipped yet"):
                unshipped = await self._desk.open(asking.unshipped, wait_share=1)
            what = f"{len(week.after_pause):,} messages of the rest, {len(asking.meanwhile)} tickets meanwhile"
            with self._phases("orders, second half", what):
                tickets = self._desk.open(asking.meanwhile, wait_share=0.3)
                meanwhile, _ = await asyncio.gather(tickets, self._send(week.after_pause, inboxes))
            await self._show("After it shipped", followed)
        return [followed, *before, *unshipped, *meanwhile]

    async def show_sales(self) -> sales.Sales:
        analytics = self._target.urls["analytics"]
        reports = [await sales.report(self._client, analytics, grain, BOOKED) for grain in GRAINS]
        best = await sales.best_products(self._client, analytics, BOOKED)
        self._console.print(*map(pictures.sales_table, reports), pictures.best_table(best), sep="\n")
        return reports[0].total

    async def check(self, asked: Sequence[Asked], files: CompleteJourneyFiles) -> list[str]:
        """Everything that differs."""
        quiet = await until_quiet(self._client, self._target.urls)
        tickets = await self._desk.read(asked)
        self._console.print(pictures.records_table(quiet), pictures.tickets_line(tickets, asked), sep="\n")
        found = await asyncio.gather(
            self._ticket_differences(tickets, asked), self._sales_differences(files), self._shelf_differences(files)
        )
        return [*checks.waiting_records(quiet), *chain.from_iterable(found)]

    async def _send(self, messages: Sequence[Envelope], inboxes: Inboxes) -> None:
        before, began = await moment(self._client, self._target.urls), time.monotonic()
        await send(messages, inboxes, Pace(), lambda _: None)
        after = await until_quiet(self._client, self._target.urls)
        self._console.print(pictures.rates_line(before, after, time.monotonic() - began))

    async def _show(self, when: str, asked: Asked) -> None:
        ticket = await self._desk.look(asked)
        self._console.print(*pictures.ticket_lines(when, ticket), sep="\n", markup=False)

    async def _ticket_differences(self, tickets: Sequence[Ticket], asked: Sequence[Asked]) -> list[str]:
        order_ids = sorted({question.order_id for question in asked})
        newest = await checks.orders(self._client, self._target.urls["orders"], order_ids)
        return [*checks.stale_cards(tickets, asked, newest), *checks.asleep(tickets, asked)]

    async def _sales_differences(self, files: CompleteJourneyFiles) -> list[str]:
        analytics = self._target.urls["analytics"]
        rollups = await rollups_against_ledger(self._client, analytics)
        against = await ledger_against(bookings(sold_lines(files, PLACED)), self._client, analytics)
        self._console.print(*rollups.sentences(), *against.sentences(), sep="\n", markup=False)
        return [str(difference) for difference in (*rollups.differences, *against.differences)]

    async def _shelf_differences(self, files: CompleteJourneyFiles) -> list[str]:
        found = await found_shelves(self._client, self._target.urls["catalog"])
        wanted = expected_shelves(expected(files, PLACED), {})
        self._console.print(f"Stock of {len(found):,} products compared with brought − shipped + restocked.")
        return list(checks.wrong_shelves(found, wanted, self._week.source.product_count))
