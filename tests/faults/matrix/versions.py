"""F26: the old and the next version of a service side by side, and then the old one alone again."""

import json

from shared.contracts.registry import EVENTS
from tests.faults.checking.layout import layout_of, the_services
from tests.faults.matrix.fault import Fault, Run
from tests.faults.matrix.next_version import PaymentVerified
from tests.support.eventually import eventually
from tests.support.kafka import log_of
from tests.support.processes import Process


async def side_by_side(run: Run) -> None:
    """Both read the same inbox and write the same documents; all others only know what is told today."""
    run.shop.layout = layout_of(the_services(), [*EVENTS, PaymentVerified])
    old, today = run.only("orders"), run.shop.modules["orders"]
    run.shop.modules["orders"] = "tests.faults.matrix.next_version"
    next = run.shop.start("orders")
    await next.ready(60)
    run.strikes()
    for process in (old, next, old, next):
        await _works(process)
    run.shop.modules["orders"] = today
    documents = run.shop.database("orders")["orders"]
    run.prove("documents with a field of the next version", documents.count_documents({"risk": {"$exists": True}}))
    await run.shop.stop("orders", next)
    await run.progress(["orders"])
    for what, count in (await _told(run)).items():
        run.prove(what, count)
    read = [row.get("counts", {}) for row in run.shop.database("inquiries")["offsets"].find()]
    run.prove("events read past", sum(counts.get("read_past", 0) for counts in read))


async def _works(process: Process) -> None:
    """Applies some more batches."""
    enough = await process.metric("sellerdesk_batches_total") + 5

    async def has_worked() -> bool:
        return await process.metric("sellerdesk_batches_total") >= enough

    await eventually(has_worked, within=40)


async def _told(run: Run) -> dict[str, int]:
    records, _ = await log_of(run.shop.stack.kafka, [run.shop.prefix + "orders.events"])
    types = [dict(record.headers)["ce_type"].decode() for record in records]
    paid = [json.loads(r.value) for r, type in zip(records, types, strict=True) if type == "orders.OrderPaid.v1"]
    newer = [n for n, event in enumerate(paid) if "installments" in event]
    return {
        "events of a new type": types.count(PaymentVerified.wire_type()),
        "events with a new field": len(newer),
        "events of the old version beside them": sum(
            "installments" not in event for event in paid[min(newer, default=0) : max(newer, default=0)]
        ),
    }


FAULTS = [Fault("F26", "old and next version side by side", side_by_side, groups=["orders"])]
