"""F11 to F13: MongoDB changes its primary, dies, and refuses or loses the answer to commits."""

import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pymongo import MongoClient

from shared.runtime.decision import Document
from tests.faults.matrix.fault import Fault, Run
from tests.support.eventually import eventually

STEP_DOWN_SECONDS = 1
UNWILLING_SECONDS = 4.0
NO_SUCH_TRANSACTION, WRITE_CONCERN_TIMEOUT = 251, 64


async def stepped_down(run: Run) -> None:
    """Once while a batch stands frozen inside its transaction, then three times whatever is under way."""
    victim = run.only("orders")
    await victim.freezes(within=90)
    run.strikes()
    run.prove("transactions open at the first step-down", _transactions(run)["currentOpen"])
    await _step_down(run)
    victim.send(signal.SIGCONT)
    for _ in range(3):
        await run.progress(records=40)
        await _step_down(run)


async def _step_down(run: Run) -> None:
    """A set of one elects itself again once its time as a secondary is over."""
    aborted = _transactions(run)["totalAborted"]
    node = run.shop.mongo.primary
    assert node is not None
    with MongoClient[Document](*node, directConnection=True) as server:
        server.admin.command(
            {"replSetStepDown": STEP_DOWN_SECONDS, "secondaryCatchUpPeriodSecs": 0, "force": True},
        )

        async def is_primary() -> bool:
            return bool(server.admin.command("hello")["isWritablePrimary"])

        run.prove("step-downs", not await is_primary())
        await eventually(is_primary, within=30)
    run.prove("transactions aborted", _transactions(run)["totalAborted"] - aborted)


def _transactions(run: Run) -> Mapping[str, int]:
    counts: Mapping[str, int] = run.shop.mongo.admin.command("serverStatus")["transactions"]
    return counts


def killed(id: str, away: float) -> Fault:
    async def strike(run: Run) -> None:
        lag = await run.shop.lag()
        run.prove("records in flight", sum(lag.values()))
        run.brokers.send("mongo", signal.SIGKILL)
        await run.brokers.ends("mongo")
        run.strikes()
        run.prove("databases killed", 1)
        await run.seconds(away)
        await run.brokers.restart("mongo")
        await run.progress(records=40)

    return Fault(id, f"SIGKILL of MongoDB, and its restart after {away:.0f} s", strike, needs_brokers=True)


async def refuses_commits(run: Run) -> None:
    """Every other commit, in three ways: not made; made, and the answer is that nobody knows; cut off."""
    for what, failure in UNWILLING.items():
        async with failing(run, f"commits {what}", {"failCommands": ["commitTransaction"], **failure}, share=0.5):
            await run.seconds(UNWILLING_SECONDS)
        await run.progress(records=40)


UNWILLING: Mapping[str, Document] = {
    "refused, to be tried again": {
        "errorCode": NO_SUCH_TRANSACTION,
        "errorLabels": ["TransientTransactionError"],
    },
    "made with an unknown result": {
        "writeConcernError": {"code": WRITE_CONCERN_TIMEOUT, "errmsg": "waiting for replication timed out"},
    },
    "cut off": {"closeConnection": True},
}


@asynccontextmanager
async def failing(run: Run, what: str, failure: Document, share: float) -> AsyncIterator[None]:
    """So many of some commands fail meanwhile."""
    admin: Any = run.shop.mongo.admin
    admin.command({"configureFailPoint": "failCommand", "mode": {"activationProbability": share}, "data": failure})
    try:
        yield
    finally:
        done = admin.command({"configureFailPoint": "failCommand", "mode": "off"})
        run.prove(what, done["count"])


FAULTS = [
    Fault(
        "F11",
        "step-down of MongoDB in the middle of a batch",
        stepped_down,
        {"orders": "consume.before_commit@15:freeze"},
        groups=["orders"],
        needs_brokers=True,
    ),
    killed("F12a", away=3.0),
    killed("F12b", away=60.0),
    Fault("F13", "refused commits, and commits with an unknown result", refuses_commits, needs_brokers=True),
]
