"""The rows of a file as commands in one transaction: each is decided for itself, and a refused one stops no other.

No answer is kept: the same rows again change nothing. Commands that come as JSON have theirs kept (`commands`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.runtime.batch import Batch, Writes
from shared.runtime.decision import Refusal
from shared.runtime.metrics import counted
from shared.runtime.mongo import Session
from shared.runtime.records import Incoming
from shared.runtime.revision import ANY_REVISION
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.transaction import Transaction


@dataclass(frozen=True)
class Outcome:
    """The state of the command's document before and after it: the very same object where nothing changed."""

    before: Any
    after: Any
    refusal: Refusal | None = None


async def decide_each(runtime: ServiceRuntime, commands: Sequence[Incoming]) -> list[Outcome]:
    """Run commands of one table, in their order, whatever revision their documents have."""

    async def body(session: Session, attempt: int) -> tuple[list[Outcome], Writes]:
        transaction = Transaction(runtime.database, session, runtime.group_of(commands[0].message), attempt)
        return await transaction.run(commands, lambda batch: [_decided(batch, command) for command in commands])

    if not commands:
        return []
    with counted([command.message for command in commands]) as counts:
        outcomes, writes = await runtime.database.transaction(body)
        counts += ["refused" if outcome.refusal else "applied" for outcome in outcomes]
    runtime.wrote(writes)
    return outcomes


def _decided(batch: Batch, command: Incoming) -> Outcome:
    before = batch.work.entry(command.ref).state
    try:
        batch.decide(command, ANY_REVISION)
    except Refusal as refusal:
        return Outcome(before, before, refusal)
    return Outcome(before, batch.work.entry(command.ref).state)
