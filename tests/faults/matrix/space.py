"""F25: no room left on a disk, and messages and events larger than any other."""

from shared.contracts.base import InboxMessage
from shared.contracts.envelope import encode
from tests.faults.matrix.fault import Fault, Run
from tests.faults.matrix.load import a_parcel, an_order
from tests.faults.matrix.mongo import failing
from tests.support.eventually import eventually

FULL_SECONDS = 5.0
OUT_OF_DISK_SPACE = 14031
MANY_LINES, LONG_NAME = 500, "🧦" * 200
LARGE_BYTES = 3_900_000
EACH = 3


async def kafkas_disk_is_full(run: Run) -> None:
    """Its log can no longer grow, so the broker gives it up and ends; it begins again where there is room."""
    run.brokers.forbid_growth("kafka")
    run.prove("brokers ended by themselves", await run.brokers.ends("kafka") == 1)
    await run.seconds(FULL_SECONDS)
    await run.brokers.restart("kafka")
    run.strikes()
    await run.progress(records=40)


async def mongos_disk_is_full(run: Run) -> None:
    """Not a full disk, but MongoDB's answer to writes when it has one."""
    refused = {"failCommands": ["insert", "update", "findAndModify"], "errorCode": OUT_OF_DISK_SPACE}
    async with failing(run, "writes refused", refused, share=1.0):
        await run.seconds(FULL_SECONDS)
        run.prove("records in flight", sum((await run.shop.lag()).values()))
    run.strikes()
    await run.progress(records=40)


async def oversized(run: Run) -> None:
    """Orders whose events no topic would take, and records of garbage larger than a fetch, between all the others."""
    for n in range(EACH):
        order = an_order(f"ord_huge-{n}", run.chance)
        line = order.lines[0].model_copy(update={"name": LONG_NAME, "option_name": LONG_NAME})
        lines = tuple(line.model_copy(update={"line_id": f"line-{m}"}) for m in range(MANY_LINES))
        await _send(run, order.model_copy(update={"lines": lines}))
        await _send(run, a_parcel(f"ord_large-{n}"), value=b"x" * LARGE_BYTES)
        await run.progress(["orders"])
    parked = run.shop.database("orders")["parked"]

    async def are_parked() -> bool:
        return int(parked.count_documents({})) == 2 * EACH

    await eventually(are_parked)
    run.prove("orders refused as too large", parked.count_documents({"sentence": {"$regex": "more than an order can"}}))
    whole = [row for row in parked.find() if len(row["record"]["value"]) == LARGE_BYTES]
    run.prove("large records parked whole", len(whole))


async def _send(run: Run, message: InboxMessage, value: bytes | None = None) -> None:
    envelope = run.load.envelope(message)
    run.shop.observed.planted.add(envelope.id)
    key, usual, headers = encode(envelope)
    topic = f"{run.shop.prefix}orders.inbox"
    await run.shop.producer.send_and_wait(topic, usual if value is None else value, key, headers=headers)


FAULTS = [
    Fault("F25a", "no room for Kafka's log", kafkas_disk_is_full, needs_brokers=True),
    Fault("F25b", "MongoDB out of disk space", mongos_disk_is_full, needs_brokers=True),
    Fault("F25c", "oversized events and records", oversized, groups=["orders"]),
]
