"""Thousands of histories of the runtime's pure core: whatever repeats, dies, freezes or comes early, all ends as told.

`pytest tests/faults/model --hypothesis-profile=long` searches fifteen times as many, and longer ones.
"""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.faults.model.judge import Judge
from tests.faults.model.store import Store
from tests.faults.model.world import GROUPS, World
from tests.runtime.bank import AccountOpened, Broken, Deposited, OwnerChanged, Transferred

keys = st.sampled_from("aabc")
members = st.sampled_from([0, 1])
sizes = st.tuples(st.integers(0, 4), st.integers(0, 4))
groups = st.sampled_from(["bank", *GROUPS])
amounts = st.integers(1, 9)


class Histories(RuleBasedStateMachine):
    store: type[Store] = Store

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.store)

    @initialize(opened=st.sets(keys))
    def open_some(self, opened: set[str]) -> None:
        for key in sorted(opened):
            self.open_account(key)
        self.take(0, "bank", (4, 4))

    @rule(key=keys)
    def open_account(self, key: str) -> None:
        self.world.tell(AccountOpened(account_id=key, owner="first"))

    @rule(key=keys, amount=st.integers(-1, 9))
    def deposit(self, key: str, amount: int) -> None:
        """One of nothing is refused, whenever it comes."""
        self.world.tell(Deposited(account_id=key, amount=amount))

    @rule(key=keys, to=keys, amount=amounts)
    def transfer(self, key: str, to: str, amount: int) -> None:
        if key != to:
            self.world.tell(Transferred(account_id=key, to=to, amount=amount))

    @rule(key=keys)
    def rename(self, key: str) -> None:
        self.world.tell(OwnerChanged(account_id=key, owner=f"o{len(self.world.told)}"))

    @rule(key=keys)
    def meet_the_bug(self, key: str) -> None:
        self.world.tell(Broken(account_id=key))

    @rule(back=st.integers(1, 12))
    def tell_again(self, back: int) -> None:
        if self.world.told:
            self.world.tell_again(self.world.told[-min(back, len(self.world.told))])

    @rule(member=members, group=groups, sizes=sizes)
    def take(self, member: int, group: str, sizes: tuple[int, int]) -> None:
        self.begin(member, group, sizes)
        self.commit(member, dies=False)

    @rule(member=members, group=groups, sizes=sizes)
    def begin(self, member: int, group: str, sizes: tuple[int, int]) -> None:
        self.world.begin(self.world.members[member], group, sizes)

    @rule(member=members, dies=st.booleans())
    def commit(self, member: int, dies: bool) -> None:
        self.world.commit(self.world.members[member], dies=dies)

    @rule(member=members)
    def die(self, member: int) -> None:
        self.world.die(self.world.members[member])

    @rule(key=keys, count=st.integers(1, 5), dies=st.booleans())
    def relay(self, key: str, count: int, dies: bool) -> None:
        self.world.relay(key, count, dies=dies)

    @rule(key=keys)
    def begin_opening(self, key: str) -> None:
        self.world.begin_command(AccountOpened(account_id=key, owner="first"), key, 0)

    @rule(key=keys, amount=amounts)
    def begin_depositing(self, key: str, amount: int) -> None:
        self.world.begin_command(Deposited(account_id=key, amount=amount), key, amount)

    @rule()
    def commit_command(self) -> None:
        self.world.commit_command()

    @rule(repaired=st.booleans())
    def deploy(self, repaired: bool) -> None:
        self.world.deploy(repaired=repaired)

    @rule(key=keys, nth=st.none() | st.integers(0, 3))
    def retry(self, key: str, nth: int | None) -> None:
        ids = None if nth is None else [one.id for one in self.world.bank.parked[nth : nth + 1]]
        self.world.bank.retry(key, ids)

    @rule(key=keys, nth=st.integers(0, 3))
    def drop(self, key: str, nth: int) -> None:
        self.world.drop(key, {one.id for one in self.world.bank.parked[nth : nth + 1]})

    @rule(hours=st.sampled_from([-1, 1]))
    def jump(self, hours: int) -> None:
        self.world.jump(hours)

    def teardown(self) -> None:
        self.world.settle()
        Judge(self.world).judge()


TestHistories = Histories.TestCase


def test_a_held_record_keeps_its_turn_though_the_queue_of_its_key_is_full() -> None:
    history = Histories()
    for tell in [history.meet_the_bug] * 2 + [lambda key: history.deposit(key, 0)] + [history.meet_the_bug]:
        tell(key="b")
    history.open_account("b")
    history.take(0, "bank", (5, 0))
    history.teardown()
