"""Documents that wait for a moment hear of it once, dated at it, whatever the clock and however many processes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from pymongo import MongoClient

from shared.contracts.base import Contract, Event, Id, InboxMessage, Utc, utc_milliseconds
from shared.runtime.decision import Context, Decision, Document, Kind
from shared.runtime.handlers import Handlers, TimerFired
from shared.runtime.mongo import Database
from shared.runtime.service_runtime import ServiceRuntime
from shared.runtime.settings import ServiceSettings
from shared.runtime.stopping import Stopping
from shared.runtime.timers import Timers, may_wait_for_news
from tests.support.eventually import eventually
from tests.support.kafka import create_topics, producer, send
from tests.support.memory import T0, MemoryRuntime, message_envelope
from tests.support.stack import Stack

HOUR = timedelta(hours=1)


class Egg(Contract):
    soft_at: Utc | None = None
    hard_at: Utc | None = None
    rung: tuple[str, ...] = ()


class EggPut(InboxMessage):
    service: ClassVar[str] = "kitchen"
    subject_field: ClassVar[str] = "egg_id"
    egg_id: Id
    soft_at: Utc | None = None
    hard_at: Utc | None = None


class Rang(Event):
    service: ClassVar[str] = "kitchen"
    aggregate: ClassVar[str] = "egg"
    egg: Egg
    name: str


EGG: Kind[Egg] = Kind("egg", "eggs", Egg.model_validate, lambda egg: egg.model_dump(), lambda egg: {"egg": egg})


def put(egg: Egg | None, message: EggPut, ctx: Context) -> Decision[Egg]:
    before = egg or Egg()
    changed = before.model_copy(update={"soft_at": message.soft_at, "hard_at": message.hard_at})
    return Decision(changed, [partial(Rang, name="put")])


def waits_for(egg: Egg) -> Mapping[str, datetime]:
    times = {"soft": egg.soft_at, "hard": egg.hard_at}
    return {name: at for name, at in times.items() if at is not None}


def ring(egg: Egg, message: TimerFired, ctx: Context) -> Decision[Egg]:
    if message.timer == "hard" and getattr(ctx.policy, "stuck", False):
        return Decision(egg)
    rung = {f"{message.timer}_at": None, "rung": (*egg.rung, f"{message.timer} {ctx.now.isoformat()}")}
    return Decision(egg.model_copy(update=rung), [partial(Rang, name=message.timer)])


KITCHEN = Handlers("kitchen", topics=["kitchen.inbox"])
KITCHEN.on(EggPut, EGG, create=put)
KITCHEN.on_time(EGG, due=waits_for, decide=ring)


@pytest.fixture
def kitchen() -> MemoryRuntime:
    return MemoryRuntime("kitchen", KITCHEN, [EGG])


def rung(kitchen: MemoryRuntime) -> tuple[str, ...]:
    egg = kitchen.state(EGG, "e")
    assert egg is not None
    return egg.rung


def at(moment: datetime) -> str:
    return moment.isoformat()


def test_a_moment_is_told_once_and_dated_at_it_however_late(kitchen: MemoryRuntime) -> None:
    kitchen.deliver(EggPut(egg_id="e", soft_at=T0 + HOUR, hard_at=T0 + 2 * HOUR))
    kitchen.pass_time(T0 + HOUR - timedelta(seconds=1))
    assert rung(kitchen) == ()
    kitchen.pass_time(T0 + 50 * HOUR)
    kitchen.pass_time(T0 + 90 * HOUR)
    assert rung(kitchen) == (f"soft {at(T0 + HOUR)}", f"hard {at(T0 + 2 * HOUR)}")
    assert [(e.type, e.time) for e in kitchen.events[1:]] == [
        ("kitchen.Rang.v1", T0 + HOUR),
        ("kitchen.Rang.v1", T0 + 2 * HOUR),
    ]


def test_one_that_is_past_when_it_is_set_gives_history_time_to_bring_its_own_answer(kitchen: MemoryRuntime) -> None:
    kitchen.deliver(EggPut(egg_id="e", soft_at=T0 - 1000 * HOUR, hard_at=T0 - 900 * HOUR))
    kitchen.pass_time(T0 + 23 * HOUR)
    assert rung(kitchen) == ()
    kitchen.deliver(EggPut(egg_id="e", soft_at=T0 - 1000 * HOUR))
    kitchen.pass_time(T0 + 25 * HOUR)
    assert rung(kitchen) == (f"soft {at(T0 - 1000 * HOUR)}",)


def test_records_go_first_for_some_minutes_from_the_moment_or_the_start_on() -> None:
    due, minute = datetime(2026, 3, 2, tzinfo=UTC), timedelta(minutes=1)
    assert may_wait_for_news(due, since=due - 60 * minute, now=due + 9 * minute)
    assert not may_wait_for_news(due, since=due - 60 * minute, now=due + 11 * minute)
    assert may_wait_for_news(due, since=due + 600 * minute, now=due + 609 * minute)
    assert not may_wait_for_news(due, since=due + 600 * minute, now=due + 611 * minute)


def test_one_that_moves_or_goes_is_not_told_at_its_old_moment(kitchen: MemoryRuntime) -> None:
    kitchen.deliver(EggPut(egg_id="e", soft_at=T0 + HOUR, hard_at=T0 + HOUR))
    kitchen.deliver(EggPut(egg_id="e", soft_at=T0 + 3 * HOUR))
    kitchen.pass_time(T0 + 2 * HOUR)
    assert rung(kitchen) == ()
    kitchen.pass_time(T0 + 3 * HOUR)
    assert rung(kitchen) == (f"soft {at(T0 + 3 * HOUR)}",)


def test_a_decision_that_leaves_its_document_waiting_is_a_bug() -> None:
    kitchen = MemoryRuntime("kitchen", KITCHEN, [EGG], KitchenSettings(stuck=True))
    kitchen.deliver(EggPut(egg_id="e", hard_at=T0 + HOUR))
    with pytest.raises(RuntimeError, match="still waits for hard"):
        kitchen.pass_time(T0 + 2 * HOUR)


def test_nobody_else_can_say_that_a_moment_has_come(kitchen: MemoryRuntime) -> None:
    kitchen.deliver(EggPut(egg_id="e", soft_at=T0 + HOUR))
    kitchen.deliver(message_envelope(TimerFired(timer="soft"), subject="e"), topic="kitchen.inbox")
    assert (rung(kitchen), kitchen.counts["parked"]) == ((), 1)


class KitchenSettings(ServiceSettings):
    stuck: bool = True
    catch_up: timedelta = timedelta(seconds=1)


async def a_kitchen(stack: Stack) -> str:
    """The prefix of topics that nobody else uses."""
    prefix = f"t{uuid4().hex[:8]}-"
    await create_topics(stack.kafka, [f"{prefix}kitchen.{name}" for name in ("inbox", "events", "rejected")])
    return prefix


@pytest.fixture
async def two_kitchens(stack: Stack) -> AsyncIterator[tuple[ServiceRuntime, ServiceRuntime]]:
    prefix = await a_kitchen(stack)
    settings = KitchenSettings(kafka_bootstrap_servers=stack.kafka, mongodb_uri=stack.mongo, topic_prefix=prefix)
    first, second = (ServiceRuntime("kitchen", settings, [KITCHEN], [EGG], {}) for _ in range(2))
    async with first.running(), second.running():
        yield first, second
        await first.database.drop()


@pytest.mark.stack
async def test_what_was_due_while_nobody_ran_is_told_on_return_and_dated_at_its_moment(stack: Stack) -> None:
    """Set in time, so it does not wait for history to bring its own answer: that would take a day."""
    prefix = await a_kitchen(stack)
    settings = KitchenSettings(
        kafka_bootstrap_servers=stack.kafka, mongodb_uri=stack.mongo, topic_prefix=prefix, catch_up=timedelta(days=1)
    )
    before, after = (ServiceRuntime("kitchen", settings, [KITCHEN], [EGG], {}) for _ in range(2))
    soon = utc_milliseconds(datetime.now(UTC) + timedelta(seconds=8))

    async def is_set() -> bool:
        return await before.store.get(EGG, "e") is not None

    async def is_past() -> bool:
        return datetime.now(UTC) > soon

    async def rang() -> bool:
        return bool(await after.collection("eggs").count_documents({"rung": [f"soft {at(soon)}"]}))

    async with before.running():
        async with producer(stack.kafka) as client:
            await send(client, f"{prefix}kitchen.inbox", [message_envelope(EggPut(egg_id="e", soft_at=soon))])
        await eventually(is_set)
        assert not await is_past(), "the kitchen closes before the egg is done"
    await eventually(is_past)
    async with after.running():
        await eventually(rang)
        await after.database.drop()


@pytest.mark.stack
async def test_two_processes_tell_each_moment_once_past_one_that_is_stuck(
    two_kitchens: tuple[ServiceRuntime, ServiceRuntime],
) -> None:
    """Each bug is put off by itself and holds up no other document."""
    kitchen, _ = two_kitchens
    prefix, servers = kitchen.settings.topic_prefix, kitchen.settings.kafka_bootstrap_servers
    soon = utc_milliseconds(datetime.now(UTC) + timedelta(seconds=5))
    eggs = [EggPut(egg_id=f"e{n}", soft_at=soon) for n in range(150)] + [EggPut(egg_id="bad", hard_at=soon)]
    async with producer(servers) as client:
        await send(client, f"{prefix}kitchen.inbox", [message_envelope(egg) for egg in eggs])

    async def told() -> bool:
        eggs = kitchen.collection("eggs")
        put_off = {"_id": "bad", "meta.fire_at": {"$gt": datetime.now(UTC) + timedelta(minutes=30)}}
        rung = await eggs.count_documents({"rung": [f"soft {at(soon)}"]})
        return bool(rung == 150 and await eggs.find_one(put_off))

    await eventually(told, within=90)
    stored = await asyncio.gather(*(kitchen.store.get(EGG, f"e{n}") for n in range(150)))
    assert {one.sequence for one in stored if one} == {2}


async def no_lag() -> list[dict[str, Any]]:
    return []


@pytest.mark.stack
async def test_putting_a_bug_off_leaves_alone_what_another_process_wrote_meanwhile(
    stack: Stack, kitchen: MemoryRuntime
) -> None:
    """A moment to fire at and nothing that fires would stop every other timer of the service."""
    kitchen.deliver(EggPut(egg_id="e", soft_at=T0 + HOUR))
    database = Database(stack.mongo, f"t{uuid4().hex[:8]}-kitchen")
    tries: list[str] = []

    def raises_while_the_egg_is_taken_out(egg: Egg, message: TimerFired, ctx: Context) -> Decision[Egg]:
        tries.append(message.timer)
        if len(tries) == 2:
            with MongoClient[Document](stack.mongo) as another:
                waits_no_more = {"$unset": {"meta.timers": "", "meta.fire_at": ""}}
                another[database.name]["eggs"].update_one({"_id": "e"}, waits_no_more)
        raise RuntimeError("a bug")

    table = Handlers("kitchen", topics=[])
    table.on_time(EGG, due=waits_for, decide=raises_while_the_egg_is_taken_out)
    group = MemoryRuntime("kitchen", table, [EGG]).group
    timers = Timers(database, group, lambda _: None, Stopping(), no_lag)
    try:
        eggs = database.collection("eggs")
        await eggs.insert_one(kitchen.documents[EGG.ref("e")])
        await timers.step()
        assert tries == ["soft", "soft"]
        assert (await eggs.find_one({"_id": "e"}))["meta"].keys().isdisjoint({"timers", "fire_at"})
        assert await timers.step() == 0
    finally:
        await database.drop()
        database.close()
