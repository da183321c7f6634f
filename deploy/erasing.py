"""`sellerdesk erase CUSTOMER`: every service forgets a customer; orders first, for they may need the address still."""

import json
import sys
from dataclasses import asdict, dataclass, field
from typing import Annotated

import httpx
import typer
from pydantic import TypeAdapter, ValidationError
from rich.table import Table

from deploy.asking import SILENT, JsonOption, Row, complaints, confirm, console, tell
from deploy.local.failure import StackFailure
from deploy.local.options import DataOption, StoreOption
from deploy.parked_changes import ActorOption, DryRun, YesOption
from deploy.target import target
from deploy.topics import DAY_MS, topics
from shared.contracts.base import Id

REFUSED = 1
KEEP_NOTHING = {
    "catalog": "nothing here names a customer: stock is reserved by order id",
    "analytics": "nothing here names a customer: the ledger's rows are of orders and products",
}
INBOXES = ("orders.inbox", "inquiries.inbox")
_id = TypeAdapter[str](Id)


@dataclass
class Outcome:
    """removed: None where the service was not asked, did not answer or refused, and `said` says why."""

    service: str
    removed: dict[str, int] | None
    said: str = ""
    code: int = 0
    orders: list[str] = field(default_factory=list)


def _customer(text: str) -> str:
    try:
        return _id.validate_python(text)
    except ValidationError:
        sentence = "a customer is the account system's id: letters, digits and . _ : ~ -, at most 100"
        raise typer.BadParameter(sentence) from None


def erase(
    customer: Annotated[str, typer.Argument(parser=_customer, help="The account system's id, as orders carry it.")],
    dry_run: DryRun = False,
    yes: YesOption = False,
    actor: ActorOption = "operator:local",
    as_json: JsonOption = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Forget who a customer is: recipients, names, contacts and texts, wherever they are kept. Again is harmless.

    Exits 0 when all is done, 1 when an order still needs its recipient (nothing is removed then), 2 when the command is
    wrong, 3 when a service does not answer: then say it again.
    """
    urls = target(store, data).urls
    if not dry_run:
        confirm(f"Erase customer {customer} for good?", yes)
    orders = _ask("orders", urls["orders"], customer, {"dry_run": dry_run}, actor)
    if orders.removed is None:
        inquiries = Outcome("inquiries", None, "not asked: orders come first", orders.code)
    else:
        body = {"dry_run": dry_run, "order_ids": orders.orders}
        inquiries = _ask("inquiries", urls["inquiries"], customer, body, actor)
    outcomes = [orders, inquiries, *(Outcome(service, {}, why) for service, why in KEEP_NOTHING.items())]
    _show(customer, outcomes, dry_run=dry_run, as_json=as_json)
    sys.exit(max(outcome.code for outcome in outcomes))


def _ask(service: str, url: str, customer: str, body: Row, actor: str) -> Outcome:
    try:
        answer = tell(url, f"/ops/customers/{customer}/erase", body, actor)
    except StackFailure as refusal:
        return Outcome(service, None, str(refusal), REFUSED)
    except httpx.HTTPError as error:
        return Outcome(service, None, f"does not answer at {url}, say it again: {error!r}", SILENT)
    return Outcome(service, answer["removed"], orders=answer.get("orders", []))


def _show(customer: str, outcomes: list[Outcome], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        services = [asdict(outcome) for outcome in outcomes]
        report = {"customer": customer, "dry_run": dry_run, "services": services, "kafka": _until_when()}
        print(json.dumps(report, ensure_ascii=False, indent=2))
        return
    table = Table("service", "what", "would be removed" if dry_run else "removed")
    for outcome in outcomes:
        for what, count in (outcome.removed or {}).items():
            table.add_row(outcome.service, what, f"{count:,}")
        if not outcome.removed:
            table.add_row(outcome.service, outcome.said, "–" if outcome.removed is None else "0")
    console.print(table)
    console.print(f"{_until_when()}; events carry nothing personal.")
    for outcome in outcomes:
        if outcome.removed is None:
            complaints.print(f"{outcome.service}: {outcome.said}", style="red", markup=False)


def _until_when() -> str:
    kept = {topic.name: topic.retention_ms // DAY_MS for topic in topics() if topic.name in INBOXES}
    return ", ".join(f"{name} keeps what it was told for {days} days" for name, days in kept.items())
