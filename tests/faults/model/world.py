"""A bank without brokers: logs of records, two members of each group with their own idea of the offsets, a relay."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from shared.contracts.base import Message
from shared.contracts.envelope import Envelope, encode
from shared.runtime.batch import Batch
from shared.runtime.decision import Actor, Kind, Refusal
from shared.runtime.handlers import Handlers
from shared.runtime.parking_lot import KeyFull
from shared.runtime.records import Incoming, Record, read
from shared.runtime.working_set import Partition
from tests.faults.model.store import Outcome, Store, Transaction
from tests.runtime.bank import ACCOUNT, BANK, COUNTER, TURNOVER, BankSettings
from tests.support.memory import message_envelope

PARTITIONS = 2
BUGGY = BankSettings(max_parked_per_key=3)
GROUPS: dict[str, tuple[Handlers, Kind[Any]]] = {"bank": (BANK, ACCOUNT), "bank.turnover.v1": (COUNTER, TURNOVER)}


@dataclass
class Member:
    """A process: the offsets it believes in, which others may have moved, and its transaction under way."""

    expected: dict[tuple[str, Partition], int] = field(default_factory=dict)
    open: "Fetched | None" = None


Batches = dict[Partition, list[Record]]


@dataclass(frozen=True)
class Fetched:
    group: str
    batches: Batches
    transaction: Transaction


class World:
    def __init__(self, store: type[Store] = Store) -> None:
        self.stores = {group: store("bank", table, [kind], BUGGY) for group, (table, kind) in GROUPS.items()}
        self.logs: dict[Partition, list[Record]] = {
            (topic, n): [] for topic in ("bank.inbox", "bank.events", "bank.rejected") for n in range(PARTITIONS)
        }
        self.members = [Member(), Member()]
        self.told: list[Envelope] = []
        """Different messages in the order of the inbox."""
        self.dropped: set[str] = set()
        self.deposited_by_people: Counter[str] = Counter()
        self._person: tuple[Transaction, str, int] | None = None

    @property
    def bank(self) -> Store:
        return self.stores["bank"]

    # -- the logs -----------------------------------------------------------------------------------------------

    def tell(self, message: Message) -> None:
        envelope = message_envelope(message, id=f"m{len(self.told)}")
        self.told.append(envelope)
        self.tell_again(envelope)

    def tell_again(self, envelope: Envelope) -> None:
        self._append("bank.inbox", *encode(envelope))

    def _append(self, topic: str, key: bytes, value: bytes, headers: Any) -> None:
        partition = key[-1] % PARTITIONS
        log = self.logs[topic, partition]
        gap = len(log) % 3 == 2  # a transaction's marker
        offset = log[-1].offset + 1 + gap if log else 0
        log.append(Record(topic, partition, offset, key, value, headers, 0))

    def relay(self, key: str, count: int, *, dies: bool) -> None:
        """Publish the first events about a key; dying, it does so without deleting them."""
        rows = [row for row in self.bank.records if row.key == key.encode()][:count]
        for row in rows:
            assert row.key is not None and row.value is not None
            self._append(row.topic, row.key, row.value, row.headers)
        if not dies:
            self.bank.records = [row for row in self.bank.records if not any(row is sent for sent in rows)]

    # -- consuming ----------------------------------------------------------------------------------------------

    def begin(self, member: Member, group: str, sizes: Sequence[int]) -> None:
        """Fetch so many records of each partition from where the member believes to be, and decide."""
        store = self.stores[group]
        (topic,) = store.group.table.topics
        batches: Batches = {}
        for partition, size in enumerate(sizes):
            place = (topic, partition)
            expected = member.expected.setdefault((group, place), store.next[place])
            batches[place] = [record for record in self.logs[place] if record.offset >= expected][:size]
        self._decide(member, group, {place: records for place, records in batches.items() if records})

    def _decide(self, member: Member, group: str, batches: Batches) -> None:
        store = self.stores[group]
        incoming = [read(record, store.group.table) for records in batches.values() for record in records]
        moves = {p: (member.expected[group, p], records[-1].offset + 1) for p, records in batches.items()}
        try:
            transaction = store.begin(incoming, partial(Batch.take_all, incoming=incoming), moves)
        except KeyFull as full:
            self._decide(member, group, {place: some for place, some in batches.items() if place != full.partition})
            return
        member.open = Fetched(group, batches, transaction) if batches else None

    def commit(self, member: Member, *, dies: bool) -> None:
        """Dying, it does not get to know whether it had committed. After a conflict it decides anew, and is alone."""
        while (fetched := member.open) is not None:
            outcome = self.stores[fetched.group].commit(fetched.transaction)
            if outcome is Outcome.CONFLICT:
                self._decide(member, fetched.group, fetched.batches)
                continue
            member.open = None
            for place, (_, following) in fetched.transaction.moves.items():
                member.expected.pop((fetched.group, place), None)
                if outcome is Outcome.COMMITTED:
                    member.expected[fetched.group, place] = following
        if dies:
            member.expected.clear()

    def die(self, member: Member) -> None:
        member.open = None
        member.expected.clear()

    # -- people -------------------------------------------------------------------------------------------------

    def begin_command(self, message: Message, key: str, amount: int) -> None:
        envelope = message_envelope(message, source="/bank/http", id=f"p{self.bank.wall.timestamp()}{key}{amount}")
        handler = self.bank.group.table.by_type[message.wire_type()]
        incoming = Incoming(None, envelope, handler, message, Actor("seller", "local"))
        try:
            self._person = (self.bank.begin([incoming], partial(Batch.decide, incoming=incoming)), key, amount)
        except Refusal:
            self._person = None

    def commit_command(self) -> None:
        if self._person is not None:
            transaction, key, amount = self._person
            if self.bank.commit(transaction) is Outcome.COMMITTED:
                self.deposited_by_people[key] += amount
            self._person = None

    # -- operators ----------------------------------------------------------------------------------------------

    def deploy(self, *, repaired: bool) -> None:
        """All processes at once; what was decided before is not decided anew."""
        settings = BUGGY.model_copy(update={"repaired": repaired})
        for store in self.stores.values():
            store.group = replace(store.group, settings=settings)

    def drop(self, key: str, ids: set[str] | None = None) -> None:
        found = {one.id: one for one in self.bank.parked}
        for id in self.bank.drop(key, ids):
            envelope = found[id].envelope
            assert envelope is not None
            self.dropped.add(envelope.id)

    def jump(self, hours: int) -> None:
        """The wall clock of whoever comes next."""
        for store in self.stores.values():
            store.wall += timedelta(hours=hours)

    # -- quiet --------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """One member lives on, with the bug repaired; operators retry what is parked until nothing moves."""
        self.deploy(repaired=True)
        (survivor, *others) = self.members
        for member in self.members:
            self.die(member)
        assert all(member.open is None for member in others)
        before: object = None
        while before != (before := self._progress()):
            for key in {one.record.shown_key for one in self.bank.parked}:
                self.bank.retry(key)
            for row in list(self.bank.records):
                assert row.key is not None
                self.relay(row.key.decode(), 1, dies=False)
            for group in GROUPS:
                self.begin(survivor, group, [100] * PARTITIONS)
                self.commit(survivor, dies=False)

    def _progress(self) -> tuple[int, ...]:
        nexts = sum(sum(store.next.values()) for store in self.stores.values())
        waiting = len(self.bank.parked), len(self.bank.held), len(self.bank.records)
        return (nexts, *waiting, sum(map(len, self.logs.values())))
