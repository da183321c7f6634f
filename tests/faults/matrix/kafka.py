"""F7, F8, F15: the broker dies, restarts, and forgets or invents where its groups are."""

import asyncio
import signal

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import OffsetAndMetadata

from tests.faults.matrix.fault import Fault, Run
from tests.support.kafka import log_of

KILLED_SECONDS, ENDED_SECONDS = 3.0, 60.0
"""How long it is away: a crash, and an outage beyond every limit of a client."""


def broker_gone(sign: signal.Signals) -> Fault:
    id, what, away = ("F7", "SIGKILL", KILLED_SECONDS) if sign is signal.SIGKILL else ("F8", "clean end", ENDED_SECONDS)

    async def strike(run: Run) -> None:
        lag = await run.shop.lag()
        run.prove("records in flight", sum(lag.values()))
        run.brokers.send("kafka", sign)
        await run.brokers.ends("kafka")
        run.prove("broker processes ended", 1)
        await run.seconds(away)
        await run.brokers.restart("kafka")
        await run.progress(records=20)

    return Fault(id, f"{what} of the broker, and its restart after {away:.0f} s", strike, needs_brokers=True)


async def groups_moved(run: Run) -> None:
    """As an operator does it, while the groups' processes are stopped: to the beginning, to the end."""
    stopped = {"inquiries": "inquiries", "orders": "orders", "analytics": "analytics.sales.v1"}
    for service in stopped:
        await run.shop.stop(service, run.only(service))
    for service, group in stopped.items():
        run.prove("partitions moved", await _move(run, group, to_the_end=service != "inquiries"))
        run.shop.start(service)
    run.strikes()
    await run.shop.ready()


async def _move(run: Run, group: str, *, to_the_end: bool) -> int:
    group = run.shop.prefix + group
    admin = AIOKafkaAdminClient(bootstrap_servers=run.shop.stack.kafka)
    await admin.start()
    try:
        known = {tp: entry.offset for tp, entry in (await admin.list_consumer_group_offsets(group)).items()}
        _, ends = await log_of(run.shop.stack.kafka, {tp.topic for tp in known})
        targets = {tp: ends[tp] if to_the_end else 0 for tp in known}
        await _commit(run.shop.stack.kafka, group, targets)
        now = await admin.list_consumer_group_offsets(group)
        assert {tp: now[tp].offset for tp in targets} == targets
        return sum(known[tp] != target for tp, target in targets.items())
    finally:
        await admin.close()


async def _commit(servers: str, group: str, offsets: dict[TopicPartition, int]) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(offsets))
        await asyncio.wait_for(consumer.commit({tp: OffsetAndMetadata(n, "") for tp, n in offsets.items()}), 20)
    finally:
        await consumer.stop()


FAULTS = [
    broker_gone(signal.SIGKILL),
    broker_gone(signal.SIGTERM),
    Fault("F15", "group offsets reset to 0 and to the end", groups_moved, groups=["inquiries"]),
]
