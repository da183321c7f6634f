"""The compose files at work, from the build to the last figure: `python -m deploy.compose.e2e` (`make e2e-compose`).

Everything runs in a project of its own on free ports, and is removed with its images and data at the end.
"""

import asyncio
import json
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

import httpx
from rich.console import Console

from deploy.compose.engine import ports, refuse_without_engine
from deploy.compose.load import Askers, under_load
from deploy.compose.project import CLUSTER, ROOT, SINGLE, Project
from deploy.compose.proof import Proof, prove
from deploy.compose.trials import Say, lose_a_broker_and_a_mongod, scale_up_and_down
from deploy.local.failure import StackFailure
from deploy.replay.completejourney import CompleteJourney
from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.demo.desk import Customer
from deploy.replay.demo.phases import Phases
from deploy.replay.inboxes import Inboxes
from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused
from deploy.replay.replay import Pace, send, send_products
from deploy.replay.watch import session

GROCER = {
    "STORE_CURRENCY": "USD",
    "STORE_TIMEZONE": "America/New_York",
    "INQUIRIES_LANGUAGE": "en",
    "ORDERS_HOLIDAY_COUNTRY": "US",
}
DAY = Period(date(2017, 11, 23), date(2017, 11, 23))
NEXT_DAYS = Period(date(2017, 11, 24), date(2017, 11, 25))
BOTH = Period(DAY.first, NEXT_DAYS.last)
LOGS = ROOT / ".data" / "e2e-compose"


@dataclass(frozen=True)
class Variant:
    name: str
    files: tuple[str, ...]
    trial: Callable[[Project, httpx.AsyncClient, Say], Awaitable[None]]
    what: str


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("scaling", SINGLE, scale_up_and_down, "Scaling up and down under load"),
        Variant("cluster", CLUSTER, lose_a_broker_and_a_mongod, "A broker and a mongod stopped under load"),
    )
}


class EndToEnd:
    def __init__(self, variant: Variant, per_second: float, console: Console) -> None:
        environment = {**os.environ, **GROCER}
        self._project = Project(
            f"sellerdesk-e2e-{variant.name}-{os.getpid()}", variant.files, {**environment, **ports(environment)}
        )
        self._variant = variant
        self._per_second = per_second
        self._console = console
        self._phases = Phases(console)

    async def run(self) -> bool:
        try:
            return await self._run()
        except BaseException:
            await self._keep_logs()
            raise
        finally:
            await self._project.down()

    async def _run(self) -> bool:
        project, phases = self._project, self._phases
        files = CompleteJourneyFiles.installed()
        with phases("build", f"Images of {project.name}"):
            await project.compose("build")
        with phases("up", "docker compose up --wait"):
            await project.up()
        async with session() as client:
            with phases("day", f"A day of orders, {DAY.first}"):
                await self._tell_a_day(files, client)
                of_the_day = await prove(project.target, client, files, DAY, [])
                self._show(of_the_day)
            with phases("trial", f"{self._variant.what}, {self._per_second:g} messages a second"):
                askers = await self._try(files, client)
            with phases("proof", "What must be true at the end"):
                proof = await prove(project.target, client, files, BOTH, askers.acknowledged)
                self._show(proof)
        await self._sum_up(proof, askers, failed=bool(of_the_day.differences or proof.differences))
        return not (of_the_day.differences or proof.differences)

    async def _tell_a_day(self, files: CompleteJourneyFiles, client: httpx.AsyncClient) -> None:
        day, target = CompleteJourney(files, DAY), self._project.target
        async with Inboxes(target.kafka) as inboxes:
            await send_products(day, inboxes, client, target, lambda _: None)
            await send(day.messages(), inboxes, Pace(), lambda _: None)

    async def _try(self, files: CompleteJourneyFiles, client: httpx.AsyncClient) -> Askers:
        project, source = self._project, CompleteJourney(files, NEXT_DAYS)
        customers = [Customer(basket.order_id, basket.customer_id) for basket in source.baskets()]
        askers = Askers(client, project.target.urls["inquiries"], customers)
        async with Inboxes(project.target.kafka) as inboxes:
            await send_products(source, inboxes, client, project.target, lambda _: None)
            async with under_load(source, inboxes, askers, self._per_second):
                await self._variant.trial(project, client, lambda sentence: self._console.print(f"  {sentence}"))
        return askers

    def _show(self, proof: Proof) -> None:
        for sentence in proof.sentences:
            self._console.print(f"  {sentence}", markup=False)
        for difference in proof.differences[:50]:
            self._console.print(f"  {difference}", style="red", markup=False)

    async def _sum_up(self, proof: Proof, askers: Askers, failed: bool) -> None:
        figures = {
            "compose": self._variant.name,
            "ok": not failed,
            "image_megabytes": await self._project.image_sizes(),
            "memory": await self._project.memory(),
            "events": proof.events,
            "published_twice": proof.repeated,
            "tickets": len(askers.acknowledged),
            "tickets_asked_again": askers.repeated,
            "seconds": {name: round(seconds, 1) for name, seconds in self._phases.seconds.items()},
        }
        self._console.print(json.dumps(figures), markup=False)

    async def _keep_logs(self) -> None:
        file = LOGS / f"{self._variant.name}.log"
        with suppress(StackFailure):
            LOGS.mkdir(parents=True, exist_ok=True)
            file.write_text(await self._project.compose("logs", "--no-color", "--timestamps"))
            self._console.print(f"What the containers said is in {file}.", markup=False)


async def end_to_end(names: Sequence[str], per_second: float) -> bool:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    console = Console(highlight=False, soft_wrap=True)
    console.print(await refuse_without_engine(), style="dim")
    return all([await EndToEnd(VARIANTS[name], per_second, console).run() for name in names])


def main() -> None:
    parser = ArgumentParser(description="Build, start, load, scale and break the compose files; reconcile every time.")
    parser.add_argument("--only", choices=list(VARIANTS))
    parser.add_argument("--rate", type=float, default=20, help="messages a second while containers come and go")
    options = parser.parse_args()
    try:
        well = asyncio.run(end_to_end([options.only] if options.only else list(VARIANTS), options.rate))
    except (StackFailure, ReplayRefused) as failure:
        sys.exit(str(failure))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit("Stopped; what it had started is removed.")
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
