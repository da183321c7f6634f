"""What must hold once a world is quiet: the checker's invariants, and a fold over the different messages."""

from collections import Counter
from collections.abc import Iterator

from shared.contracts.envelope import Envelope, decode
from shared.runtime.decision import Document
from shared.runtime.records import Record
from tests.faults.checker import check
from tests.faults.checking.in_memory import nested
from tests.faults.checking.snapshot import Acknowledged, Layout, Snapshot
from tests.faults.model.world import GROUPS, World
from tests.runtime.bank import (
    ACCOUNT,
    BANK,
    TURNOVER,
    Account,
    AccountOpened,
    BalanceChanged,
    Broken,
    Deposited,
    OwnerChanged,
    OwnerNamed,
    Transferred,
)

JUDGED = ("I1", "I2", "I3", "I5", "I7", "I10", "I11")
"""The others are about orders, stock, tickets and published schemas."""
LAYOUT = Layout(
    tables={"bank": [table for table, _ in GROUPS.values()]},
    kinds={"bank": [kind for _, kind in GROUPS.values()]},
    models={event.wire_type(): event for event in (BalanceChanged, OwnerNamed)},
)


class Judge:
    def __init__(self, world: World) -> None:
        self._world = world
        self._bank = world.bank
        self._held = {_message_id(held.record): held for held in self._bank.held.values()}
        self._parked = {_message_id(one.record): one for one in self._bank.parked}
        left = world.dropped | self._held.keys() | self._parked.keys()
        self._applied = [envelope for envelope in world.told if envelope.id not in left]

    def judge(self) -> None:
        report = check(self.snapshot(), JUDGED)
        assert report.ok, str(report)
        self._balances_are_the_fold()
        self._nobody_waits_for_what_is_there()
        self._names_came_in_order()
        self._the_view_says_the_same()
        assert self._bank.gates == {}
        assert {one.fault.error for one in self._bank.parked} <= {"ILLEGAL_MOVE"}

    def snapshot(self) -> Snapshot:
        world = self._world
        told = [e for e in self._applied if e.type != AccountOpened.wire_type()]
        return Snapshot(
            layout=LAYOUT,
            topics=_topics(world),
            ends={place: log[-1].offset + 1 if log else 0 for place, log in world.logs.items()},
            stores={"bank": self._collections()},
            acknowledged=[Acknowledged("bank", envelope.subject, envelope.id) for envelope in told],
            planted=frozenset(self._held.keys() | self._parked.keys()),
        )

    def _collections(self) -> dict[str, list[Document]]:
        stores = self._world.stores
        found: dict[str, list[Document]] = {
            "offsets": [],
            "outbox": [{"_id": record.id} for record in self._bank.records],
            "held": [held.document("bank") for held in self._bank.held.values()],
            "parked": [one.document("bank") for one in self._bank.parked],
        }
        for group, store in stores.items():
            for (topic, partition), next in store.next.items():
                row = {"_id": f"{group}|{topic}|{partition}", "group": group, "topic": topic, "partition": partition}
                counts = dict(store.counts_of.get((topic, partition), {}))
                if next:
                    found["offsets"].append(row | {"next": next, "counts": counts})
            for ref, document in store.documents.items():
                found.setdefault(ref.kind.collection, []).append(dict(document))
        return found

    def _of(self, message: type[Deposited | Transferred]) -> Iterator[tuple[str, Deposited | Transferred]]:
        for envelope in self._applied:
            if envelope.type == message.wire_type():
                yield envelope.subject, message.model_validate_json(envelope.data)

    def _accounts(self) -> dict[str, Account]:
        return {
            ref.id: state for ref in self._bank.documents if (state := self._bank.state(ACCOUNT, ref.id)) is not None
        }

    def _balances_are_the_fold(self) -> None:
        balances = Counter(self._world.deposited_by_people)
        for key, deposit in self._of(Deposited):
            balances[key] += deposit.amount
        for key, transfer in self._of(Transferred):
            assert isinstance(transfer, Transferred)
            balances[key] -= transfer.amount
            balances[transfer.to] += transfer.amount
        stored = Counter({key: account.balance for key, account in self._accounts().items()})
        assert +stored == +balances, f"stored {stored}, told {balances}"

    def _nobody_waits_for_what_is_there(self) -> None:
        accounts = self._accounts()
        for held in self._bank.held.values():
            envelope = decode(held.record.key, held.record.value, held.record.headers)
            giver = accounts.get(envelope.subject)
            if envelope.type != Transferred.wire_type():
                assert giver is None, f"{held.id} waits for an account that is there"
                continue
            transfer = Transferred.model_validate_json(envelope.data)
            waits = giver is None or transfer.to not in accounts or giver.balance < transfer.amount
            assert waits, f"{held.id} could go through"
        waited_for = Counter(held.waits_for[1] for held in self._bank.held.values())
        assert waited_for == +Counter({ref.id: self._bank.stored(*ref).held for ref in self._bank.documents})

    def _names_came_in_order(self) -> None:
        """As their messages lie in the inbox, whatever was held, queued or retried meanwhile."""
        place = {e.id: n for n, e in enumerate(self._world.told) if e.type in RENAMING}
        for key in {envelope.subject for envelope in self._world.told}:
            came: dict[int, str | None] = {}
            for event in self._told(key):
                assert event.sequence is not None
                came[event.sequence] = event.causation_id
            places = [place[id] for _, id in sorted(came.items()) if id in place]
            assert places == sorted(places), f"{key}: renamed by messages {places}"

    def _told(self, key: str) -> Iterator[Envelope]:
        for (topic, _), log in self._world.logs.items():
            if topic == "bank.events":
                events = (decode(record.key, record.value, record.headers) for record in log)
                yield from (event for event in events if event.subject == key)

    def _the_view_says_the_same(self) -> None:
        view = self._world.stores["bank.turnover.v1"]
        for ref in self._bank.documents:
            account, turnover = self._bank.stored(*ref), view.state(TURNOVER, ref.id)
            if account.state is not None:
                assert turnover is not None
                assert (turnover.events, turnover.balance) == (account.sequence, account.state.balance)
        sums = nested(view.tallies.get("sums", {}).get("all", {"moved.by": 0, "moved.events": 0}))["moved"]
        assert sums["by"] == sum(account.balance for account in self._accounts().values())
        assert sums["events"] == sum(self._bank.stored(*ref).sequence for ref in self._bank.documents)


RENAMING = (OwnerChanged.wire_type(), Broken.wire_type())
assert all(wire_type in BANK.by_type for wire_type in RENAMING)


def _topics(world: World) -> dict[str, list[Record]]:
    topics: dict[str, list[Record]] = {}
    for (topic, _), log in world.logs.items():
        topics.setdefault(topic, []).extend(log)
    return topics


def _message_id(record: Record) -> str:
    return decode(record.key, record.value, record.headers).id
