"""A toy service for the runtime's own tests: accounts that take deposits and transfers, and a view that counts them."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from pydantic_settings import SettingsConfigDict

from shared.contracts.base import Contract, Event, Id, InboxMessage
from shared.runtime.decision import Context, Decision, Documents, IllegalMove, Kind, NotYet, Ref, Row, Tally
from shared.runtime.handlers import Handlers
from shared.runtime.settings import ServiceSettings


class BankSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="BANK_", frozen=True)

    repaired: bool = False
    """Whether the bug in `break_down` is fixed."""


class Account(Contract):
    owner: str
    balance: int = 0


class BankMessage(InboxMessage):
    service: ClassVar[str] = "bank"
    subject_field: ClassVar[str] = "account_id"
    account_id: Id


class AccountOpened(BankMessage):
    owner: str


class Deposited(BankMessage):
    amount: int


class Transferred(BankMessage):
    to: Id
    amount: int


class OwnerChanged(BankMessage):
    owner: str


class Broken(BankMessage):
    pass


class AccountEvent(Event):
    service: ClassVar[str] = "bank"
    aggregate: ClassVar[str] = "account"
    account: Account


class BalanceChanged(AccountEvent):
    by: int


class OwnerNamed(AccountEvent):
    pass


ACCOUNT: Kind[Account] = Kind(
    "account",
    "accounts",
    load=Account.model_validate,
    dump=lambda account: account.model_dump(),
    publish=lambda account: {"account": account},
    wakes=lambda before, after: before is None or after.balance > before.balance,
)


class Turnover(Contract):
    events: int = 0
    balance: int = 0


TURNOVER: Kind[Turnover] = Kind("turnover", "turnovers", load=Turnover.model_validate, dump=lambda t: t.model_dump())


def open_account(account: Account | None, message: AccountOpened, ctx: Context) -> Decision[Account]:
    if account is not None:
        if account.owner == message.owner:
            return Decision(account)
        raise IllegalMove(f"account {message.account_id} belongs to somebody else", field="owner")
    return Decision(Account(owner=message.owner), [OwnerNamed])


def deposit(account: Account, message: Deposited, ctx: Context) -> Decision[Account]:
    if message.amount <= 0:
        raise IllegalMove("a deposit is more than nothing", field="amount", allowed=["deposit"])
    return _changed(account, message.amount, ctx)


def _changed(account: Account, by: int, ctx: Context) -> Decision[Account]:
    richer = account.model_copy(update={"balance": account.balance + by})
    row = Row("movements", f"{ctx.source}/{ctx.message_id}/{account.owner}/{by}", {"by": by, "owner": account.owner})
    return Decision(richer, [partial(BalanceChanged, by=by)], [row])


def transfer_refs(message: Transferred, docs: Documents) -> Iterable[Ref]:
    return [ACCOUNT.ref(message.to)]


def transfer(docs: Documents, message: Transferred, ctx: Context) -> Mapping[Ref, Decision[Any]]:
    source, target = ACCOUNT.ref(message.account_id), ACCOUNT.ref(message.to)
    giver, taker = docs.get(ACCOUNT, source.id), docs.get(ACCOUNT, target.id)
    if giver is None:
        raise NotYet("the giver is not known", waits_for=source)
    if taker is None:
        raise NotYet("the taker is not known", waits_for=target, hold_for=timedelta(minutes=10))
    if giver.balance < message.amount:
        raise NotYet("not enough money yet", waits_for=source)
    return {source: _changed(giver, -message.amount, ctx), target: _changed(taker, message.amount, ctx)}


def transfer_expired(docs: Documents, message: Transferred, ctx: Context) -> Mapping[Ref, Decision[Any]]:
    giver = docs.get(ACCOUNT, message.account_id)
    assert giver is not None
    return {ACCOUNT.ref(message.account_id): Decision(giver, [OwnerNamed])}


def rename(account: Account, message: OwnerChanged, ctx: Context) -> Decision[Account]:
    return Decision(account.model_copy(update={"owner": message.owner}), [OwnerNamed])


def break_down(account: Account, message: Broken, ctx: Context) -> Decision[Account]:
    if not getattr(ctx.policy, "repaired", False):
        raise ZeroDivisionError("a bug")
    return Decision(account.model_copy(update={"owner": "repaired"}), [OwnerNamed])


def count(turnover: Turnover | None, event: AccountEvent, ctx: Context) -> Decision[Turnover]:
    before = turnover or Turnover()
    now = Turnover(events=before.events + 1, balance=event.account.balance)
    by = event.by if isinstance(event, BalanceChanged) else 0
    return Decision(now, tallies=[Tally("sums", "all", {"label": "all"}, {"moved.by": by, "moved.events": 1})])


BANK = Handlers("bank", topics=["bank.inbox"], lease="bank")
BANK.on(AccountOpened, ACCOUNT, create=open_account)
BANK.on(Deposited, ACCOUNT, decide=deposit)
BANK.on(Transferred, ACCOUNT, several=transfer, refs=transfer_refs, on_expiry=transfer_expired)
BANK.on(OwnerChanged, ACCOUNT, decide=rename, edit=True)
BANK.on(Broken, ACCOUNT, decide=break_down)

COUNTER = Handlers("bank.turnover.v1", topics=["bank.events"])
COUNTER.on(BalanceChanged, TURNOVER, project=count)
COUNTER.on(OwnerNamed, TURNOVER, project=count)
