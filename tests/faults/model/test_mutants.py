"""The model proves something: with one protection taken away it finds a history that ends wrong."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from shared.runtime.batch import Batch
from shared.runtime.decision import NotYet, Ref
from shared.runtime.group import Group
from shared.runtime.records import Incoming
from shared.runtime.stored import Held
from shared.runtime.working_set import Loaded, NeedsMore
from tests.faults.model.store import Store
from tests.faults.model.test_model import Histories


class NoSequenceGuard(Batch):
    def __init__(self, group: Group, loaded: Loaded, wall: datetime) -> None:
        super().__init__(group, loaded, wall)
        self.work.stale = lambda incoming: False  # type: ignore[method-assign]


class NoSeenGuard(Batch):
    def _mark_seen(self, incoming: Incoming) -> None:
        pass


class HoldsWithoutWriting(Batch):
    def _hold(self, incoming: Incoming, early: NotYet) -> None:
        entry = self.work.entry(early.waits_for or incoming.ref)
        dirty = entry.dirty
        super()._hold(incoming, early)
        entry.dirty = dirty


class WakesOnlyOnce(Batch):
    def _try_held_on(self, ref: Ref) -> list[Ref]:
        super()._try_held_on(ref)
        return []


class ForgetsWhoWaits(Batch):
    def _waiting_for(self, ref: Ref) -> list[Held]:
        try:
            return super()._waiting_for(ref)
        except NeedsMore:
            return []


class NoGate(Batch):
    def __init__(self, group: Group, loaded: Loaded, wall: datetime) -> None:
        super().__init__(group, loaded, wall)
        self._lot.closed_gate = lambda record: None  # type: ignore[method-assign]


PROTECTIONS = [
    NoSequenceGuard,
    NoSeenGuard,
    HoldsWithoutWriting,
    WakesOnlyOnce,
    ForgetsWhoWaits,
    NoGate,
    "offset guard",
]


@pytest.mark.parametrize("protection", PROTECTIONS)
def test_without_a_protection_a_history_ends_wrong(protection: type[Batch] | str) -> None:
    changed: dict[str, Any] = {"guards_offsets": False} if isinstance(protection, str) else {"batch": protection}
    store = type("Unprotected", (Store,), changed)
    machine = type("Unprotected", (Histories,), {"store": store})
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=SEARCH)


SEARCH = settings(
    max_examples=500,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
