"""The background process that starts the whole stack, keeps it running and stops it: `up` launches it.

`python -m deploy.local.supervisor DIRECTORY` follows DIRECTORY/plan.json; SIGTERM ends it and everything it started.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path

from aiokafka.errors import KafkaError

from deploy.local.failure import StackFailure
from deploy.local.identity import Identity
from deploy.local.keeper import Keeper
from deploy.local.part import Part
from deploy.local.plan import Plan
from deploy.local.services import service_environment, service_parts
from deploy.local.state import Phase, StackState, part_states
from deploy.topics import create_topics, topics


class Supervisor:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._keeper = Keeper(on_change=self._record)
        self._phase: Phase = "starting"
        self._failure = ""
        self._told_to_stop = False

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop_soon)
        try:
            self._start()
            while not self._told_to_stop:
                self._keeper.tend()
                time.sleep(0.1)
        except StackFailure as failure:
            self._failure = str(failure)
        finally:
            self._stop()
        return 1 if self._failure else 0

    def _start(self) -> None:
        plan = self._plan
        self._record()
        if not plan.brokers:
            self._keeper.start(_broker_parts(plan), self._cancelled)
        if not self._told_to_stop:
            _create_topics(plan.kafka)
            environment = service_environment(plan.kafka, plan.mongo, plan.store)
            parts = service_parts(plan.directory, plan.services, plan.ports, environment)
            self._keeper.start(parts, self._cancelled)
        if not self._told_to_stop:
            self._enter("ready")

    def _stop(self) -> None:
        """Services before the brokers they flush to."""
        self._enter("stopping")
        self._keeper.stop(tuple(self._plan.services))
        self._keeper.stop()
        self._enter("failed" if self._failure else "stopped")

    def _stop_soon(self, *_: object) -> None:
        self._told_to_stop = True

    def _cancelled(self) -> bool:
        return self._told_to_stop

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._record()

    def _record(self) -> None:
        StackState(
            keeper=Identity.own(),
            phase=self._phase,
            failure=self._failure,
            store=self._plan.store.name,
            kafka=self._plan.kafka,
            mongo=self._plan.mongo,
            parts=part_states(self._keeper.children.values()),
        ).write(self._plan.directory)


def _broker_parts(plan: Plan) -> list[Part]:
    """Imported here, for a second's worth of modules is of no use where others run the brokers."""
    from deploy.local.brokers import broker_parts  # noqa: PLC0415

    return broker_parts(plan.directory, plan.ports)


def _create_topics(bootstrap: str) -> None:
    try:
        asyncio.run(create_topics(bootstrap, topics(os.environ.get("TOPIC_PREFIX", ""))))
    except (KafkaError, OSError, RuntimeError, TimeoutError) as error:
        raise StackFailure(f"The topics could not be created on {bootstrap}: {error}") from error


def main() -> None:
    logging.basicConfig(format="%(asctime)s %(message)s")
    plan = Plan.model_validate_json((Path(sys.argv[1]) / "plan.json").read_text())
    sys.exit(Supervisor(plan).run())


if __name__ == "__main__":
    main()
