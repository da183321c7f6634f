"""`sellerdesk replay | reconcile | rebuild`: options in, sentences out."""

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

from deploy.local.failure import StackFailure
from deploy.local.options import DataOption, StoreOption
from deploy.replay.against_source import Verdict, against_source
from deploy.replay.expected import Expected
from deploy.replay.inboxes import Inboxes
from deploy.replay.period import Period
from deploy.replay.published import events_published
from deploy.replay.reconcile import rollups_against_ledger
from deploy.replay.refusal import ReplayRefused
from deploy.replay.replay import Pace, refuse_other_store, send, send_products
from deploy.replay.report import ReplayBar, bar, sentences
from deploy.replay.source import Source
from deploy.replay.sources import SourceName
from deploy.replay.sources import expected as expected_of
from deploy.replay.sources import source as data_set
from deploy.replay.stock import shelves_against_movements
from deploy.replay.watch import session, until_quiet
from deploy.target import Target, target

console = Console(highlight=False, soft_wrap=True)
complaints = Console(highlight=False, soft_wrap=True, stderr=True)


PathOption = Annotated[Path | None, typer.Option("--path", help="The directory of its files.")]
FromOption = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of placing.")]
ToOption = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day of placing.")]


def replay(
    source: Annotated[SourceName, typer.Argument(help="Which data set.")] = SourceName.COMPLETEJOURNEY,
    path: PathOption = None,
    first: FromOption = None,
    last: ToOption = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many orders, the first ones.")] = None,
    speed: Annotated[str, typer.Option(metavar="N|max", help="Seconds of the data per second.")] = "max",
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Send a data set through the public inboxes: products, then orders and all that happened to them."""
    pace = Pace(_speed(speed))
    try:
        chosen = data_set(source, path, _period(first, last), limit)
        sent, answers = asyncio.run(_replay(chosen, target(store, data), pace))
    except ReplayRefused as refusal:
        _refuse(refusal)
    console.print(*sentences(chosen, sent, answers), sep="\n", markup=False)


def reconcile(
    source: Annotated[SourceName | None, typer.Option(help="Compare with this data set, too.")] = None,
    path: PathOption = None,
    first: FromOption = None,
    last: ToOption = None,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Compare all rollups with all ledger rows, all stock with its movements, and all of it with a data set's files."""
    try:
        period = _period(first, last)
        if source is None and period != Period():
            raise ReplayRefused("--from and --to choose orders of a --source.")
        if source is None and path:
            raise ReplayRefused("--path names the files of a --source.")
        expected = expected_of(source, path, period) if source else None
    except ReplayRefused as refusal:
        _refuse(refusal)
    if not asyncio.run(_reconcile(target(store, data), expected)):
        raise typer.Exit(1)


def rebuild(
    service: Annotated[str, typer.Argument(help="Only analytics keeps what can be rebuilt.")],
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Compute the rollups anew from the ledger; analytics stops reading meanwhile."""
    if service != "analytics":
        raise typer.BadParameter("only analytics keeps what can be rebuilt", param_hint="service")
    url = target(store, data).urls["analytics"]
    try:
        answer = httpx.post(f"{url}/ops/rebuild", timeout=600).raise_for_status()
    except httpx.HTTPError as error:
        raise StackFailure(f"{url}/ops/rebuild failed: {error!r}; it can be run again.") from error
    counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in answer.json().items())
    console.print(f"Rebuilt: {counts}.")


async def _replay(source: Source, target: Target, pace: Pace) -> tuple[dict[str, int], int]:
    """What was sent by type, and how many events the services answered with."""
    async with session() as client:
        await refuse_other_store(client, target, source)
        async with Inboxes(target.kafka, target.topic_prefix) as inboxes:
            before = await events_published(target)
            with bar() as progress:
                shown = ReplayBar(progress, source)
                await send_products(source, inboxes, client, target, shown)
                await send(source.messages(), inboxes, pace, shown)
                shown.all_sent()
                await until_quiet(client, target.urls)
            return dict(inboxes.sent), await events_published(target) - before


async def _reconcile(target: Target, expected: Expected | None) -> bool:
    async with session() as client:
        verdicts: list[Verdict] = [
            await rollups_against_ledger(client, target.urls["analytics"]),
            await shelves_against_movements(client, target.urls["catalog"]),
        ]
        if expected is not None:
            verdicts += await against_source(expected, client, target.urls)
    for verdict in verdicts:
        console.print(*verdict.sentences(), sep="\n", markup=False)
    return all(verdict.ok for verdict in verdicts)


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        found = float(text)
    except ValueError:
        found = 0
    if not 0 < found < float("inf"):
        raise typer.BadParameter("give a number above 0, or max", param_hint="--speed")
    return found


def _period(first: datetime | None, last: datetime | None) -> Period:
    return Period(_day(first), _day(last))


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _refuse(refusal: ReplayRefused) -> None:
    complaints.print(str(refusal), style="red", markup=False)
    raise typer.Exit(2)
