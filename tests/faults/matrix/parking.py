"""F19, F20: a key whose decision raises, the records that queue behind it, and operators who retry them."""

import asyncio
from typing import Any

from tests.faults.matrix.buggy import BUGGY_ORDER
from tests.faults.matrix.fault import Fault, Run
from tests.faults.matrix.load import a_parcel, an_arrival, an_order, payment_of
from tests.support.eventually import eventually


async def one_key_fails(run: Run) -> None:
    """The payment of one order meets a bug. Everything else of that order queues, and all other orders go on."""
    await _with_a_bug(run)
    run.strikes()
    await run.progress(["orders"], records=100)
    run.prove("records that queue behind the failing one", _parked(run, queued=True))
    await _repaired(run)
    await _retry(run, {})
    await eventually(lambda: _is_delivered(run), within=30)


async def retried_twice(run: Run) -> None:
    """One out of its order first, then all of them, by two operators at once; and once more."""
    await _with_a_bug(run)
    run.strikes()
    await _repaired(run)
    queued = run.shop.database("orders")["parked"].find_one({"queued": True})
    assert queued is not None
    await _retry(run, {"ids": [queued["_id"]]})
    await asyncio.gather(_retry(run, {}), _retry(run, {}))
    await _retry(run, {})
    await eventually(lambda: _is_delivered(run), within=30)
    audits = list(run.shop.database("orders")["audit"].find({"what": "retry"}))
    run.prove("retries written down", len(audits))


async def _with_a_bug(run: Run) -> None:
    """Orders is deployed with a bug; later records of its key come while it is there."""
    await run.shop.stop("orders", run.only("orders"))
    sound = run.shop.modules["orders"]
    run.shop.modules["orders"] = "tests.faults.matrix.buggy"
    await run.shop.start("orders").ready(60)
    run.shop.modules["orders"] = sound
    order = an_order(BUGGY_ORDER, run.chance)
    await run.load.tell(order, payment_of(order), a_parcel(BUGGY_ORDER), an_arrival(BUGGY_ORDER))
    await eventually(lambda: _all_parked(run), within=30)
    run.prove("records parked by the bug", _parked(run, blocking=True))


async def _all_parked(run: Run) -> bool:
    return _parked(run) >= 3


def _parked(run: Run, **which: Any) -> int:
    return int(run.shop.database("orders")["parked"].count_documents({"key": BUGGY_ORDER, **which}))


async def _repaired(run: Run) -> None:
    await run.shop.stop("orders", run.only("orders"))
    await run.shop.start("orders").ready(60)


async def _retry(run: Run, which: dict[str, Any]) -> None:
    body = {"group": "orders", "key": BUGGY_ORDER, **which}
    actor = {"X-Actor": "operator:night"}
    answer = await run.only("orders").http.post("/ops/parked/retry", json=body, headers=actor)
    assert answer.is_success, answer.text


async def _is_delivered(run: Run) -> bool:
    answer = await run.only("orders").http.get(f"/orders/{BUGGY_ORDER}")
    return answer.is_success and answer.json()["status"] == "DELIVERED"


FAULTS = [
    Fault("F19", "parked records retried twice and out of order", retried_twice),
    Fault("F20", "one key fails while all others go on", one_key_fails, groups=["orders"]),
]
