"""F5, F6: a process frozen until others have taken over comes back as a zombie."""

import signal

from tests.faults.matrix.fault import Fault, Run
from tests.support.eventually import eventually


async def past_its_session(run: Run) -> None:
    """Frozen inside a batch until another process has done that batch and all others, then woken.

    The other one is at rest by then: it would collide with the zombie, and that may hide what the guard prevents.
    """
    zombie = run.only("orders")
    await zombie.freezes(within=60)
    run.strikes()
    heir = run.shop.start("orders")
    await heir.ready(60)
    await eventually(lambda: heir.metric("sellerdesk_batches_total"), within=60)
    await run.progress(["orders"], within=60)
    run.prove("frozen while another process went on", zombie.frozen)
    async with run.load.holding_its_breath():
        if busy := await run.shop.quiet():
            raise AssertionError(f"it did not become quiet: {busy}")
        zombie.send(signal.SIGCONT)
        await eventually(lambda: zombie.metric("sellerdesk_fenced_total"), within=20)
    run.prove("batches of the zombie refused", await zombie.metric("sellerdesk_fenced_total"))


async def past_its_lease(run: Run) -> None:
    """A relay frozen with a batch in its hands: another one sends it, then the frozen one wakes with the same batch."""
    zombie = run.only("orders")
    await zombie.freezes(within=60)
    run.strikes()
    leases, outbox = run.shop.database("orders")["leases"], run.shop.database("orders")["outbox"]
    owner = leases.find_one({"_id": "relay"})["owner"]
    held_up = [row["_id"] for row in outbox.find()]
    run.prove("events in the frozen relay's hands", len(held_up))
    heir = run.shop.start("orders")
    await heir.ready(60)

    async def have_left() -> bool:
        return not outbox.count_documents({"_id": {"$in": held_up}})

    await eventually(have_left, within=60)
    taken_over = zombie.frozen and leases.find_one({"_id": "relay"})["owner"] != owner
    run.prove("lease taken over from the frozen one", taken_over)
    zombie.send(signal.SIGCONT)
    await zombie.ready(30)


FAULTS = [
    Fault(
        "F5",
        "SIGSTOP of a consumer past its session, SIGCONT",
        past_its_session,
        {"orders": "consume.in_transaction@12:freeze"},
        groups=["orders"],
    ),
    Fault(
        "F6",
        "SIGSTOP of a relay past its lease, SIGCONT",
        past_its_lease,
        {"orders": "relay.before_send@12:freeze"},
        groups=["catalog"],
    ),
]
