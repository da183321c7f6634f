"""That nothing was lost and nothing counted twice: from the topics, the services and the files of the data set."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import httpx

from deploy.compose.described import undescribed
from deploy.compose.published import Published, published
from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.demo.checks import orders, stale_cards, waiting_records
from deploy.replay.demo.desk import Asked, Desk
from deploy.replay.expectation import bookings, sold_lines
from deploy.replay.period import Period
from deploy.replay.reconcile import ledger_against, rollups_against_ledger
from deploy.replay.watch import until_quiet
from deploy.target import Target


@dataclass(frozen=True)
class Proof:
    sentences: Sequence[str]
    differences: Sequence[str]
    events: int
    repeated: int


async def prove(
    target: Target, client: httpx.AsyncClient, files: CompleteJourneyFiles, period: Period, asked: Sequence[Asked]
) -> Proof:
    """Waits until everything is read; `asked` are the tickets that were acknowledged."""
    quiet = await until_quiet(client, target.urls)
    expected = await asyncio.to_thread(lambda: bookings(sold_lines(files, period)))
    rollups = await rollups_against_ledger(client, target.urls["analytics"])
    ledger = await ledger_against(expected, client, target.urls["analytics"])
    events = await published(target)
    tickets = await Desk(client, target.urls["inquiries"], seed=0).read(asked)
    newest = await orders(client, target.urls["orders"], sorted({ticket.order_id for ticket in asked}))
    return Proof(
        sentences=[
            *rollups.sentences(),
            *ledger.sentences(),
            f"{events.events:,} events of {len(events.last):,} aggregates, {events.repeated} published twice; "
            f"{len(asked)} tickets acknowledged, {len(tickets)} read.",
        ],
        differences=[
            *waiting_records(quiet),
            *map(str, rollups.differences),
            *map(str, ledger.differences),
            *events.gaps,
            *_untold(events, asked),
            *[complaint async for complaint in undescribed(target, client)],
            *stale_cards(tickets, asked, newest),
        ],
        events=events.events,
        repeated=events.repeated,
    )


def _untold(events: Published, asked: Sequence[Asked]) -> Iterator[str]:
    for ticket in asked:
        if ticket.inquiry_id not in events.subjects:
            yield f"ticket {ticket.inquiry_id} was acknowledged, but no event tells of it"
    if len({ticket.inquiry_id for ticket in asked}) != len(asked):
        yield "two acknowledgements named the same ticket"
