"""F23: the clock of one service jumps an hour ahead, then to an hour behind, then is right again."""

from datetime import timedelta

from shared.contracts.envelope import decode
from tests.faults.matrix.fault import Fault, Run
from tests.faults.matrix.load import an_order
from tests.faults.matrix.shifted import JUMP, OFFSETS
from tests.support.kafka import log_of

CLOSE = timedelta(minutes=5)


async def jumps(run: Run) -> None:
    """Commands over HTTP are dated by the service's clock; Kafka dates the same events by its own."""
    await run.shop.stop("orders", run.only("orders"))
    run.shop.modules["orders"] = "tests.faults.matrix.shifted orders"
    process = run.shop.start("orders")
    await process.ready(60)
    run.strikes()
    for sign in OFFSETS:
        process.send(sign)
        await _place(run, sign.name.lower())
        await run.progress(["orders"])
    for off, count in (await _by_offset(run)).items():
        run.prove(f"events told by a clock {off}", count)


async def _place(run: Run, name: str) -> None:
    for n in range(5):
        order = an_order(f"ord_{name}-{n}", run.chance)
        await run.load.do("orders", "/orders", order.model_dump(mode="json"), order.order_id)


async def _by_offset(run: Run) -> dict[str, int]:
    records, _ = await log_of(run.shop.stack.kafka, [run.shop.prefix + "orders.events"])
    offsets = [
        decode(record.key, record.value, record.headers).time.timestamp() - record.timestamp / 1000
        for record in records
    ]
    return {
        name: sum(abs(seconds - jump.total_seconds()) < CLOSE.total_seconds() for seconds in offsets)
        for name, jump in (("an hour ahead", JUMP), ("an hour behind", -JUMP), ("that is right", timedelta()))
    }


FAULTS = [Fault("F23", "clock jumps of an hour on one service", jumps, groups=["orders"])]
