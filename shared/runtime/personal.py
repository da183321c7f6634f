"""What is personal in the messages of a service, and that a person was erased. Pure."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from shared.contracts.base import Contract, Message, Utc
from shared.contracts.envelope import READ, is_read
from shared.runtime.decision import Context, Decision, Document, IllegalMove, Kind

CUSTOMERS = {"$regex": "^(buyer|customer):(?!erased$)"}
"""The filter for actors who may be the customer and are not erased."""


class Erased(Contract):
    """All that is kept of an erasure: whose it was is the document's id, opaque as the account system made it."""

    at: Utc


ERASED = Kind("erased_person", "erased_people", Erased.model_validate, Erased.model_dump)


class ErasePerson(Message):
    """Made by the runtime, on no wire; its subject is the person."""

    service: ClassVar[str] = "runtime"


def forget(erased: Erased | None, _message: ErasePerson, ctx: Context) -> Decision[Erased]:
    by_a_person(ctx)
    return Decision(Erased(at=max(ctx.now, erased.at) if erased else ctx.now))


def by_a_person(ctx: Context) -> None:
    """An inbox is open to other systems; to erase is not theirs."""
    if ctx.actor.role == "system":
        raise IllegalMove("an operator erases, no message does")


def covers(erased: Erased | None, ctx: Context) -> bool:
    """Whether a message tells of a time before the erasure: it comes late, or again. What somebody tells anew, who came
    back, does not."""
    return erased is not None and ctx.now <= erased.at


@dataclass(frozen=True)
class Personal:
    """field: names the person in a message. strip: the fields of a message without what is personal; of an answer over
    HTTP, as kept with its Idempotency-Key, strip_answer."""

    field: str
    strip: Callable[[Document], Document]
    strip_answer: Callable[[Document], Document]

    def people_of(self, value: bytes | None) -> frozenset[str]:
        """Whom a record names, be it JSON or not, and wherever in it."""
        named = rb'"%s"\s*:\s*(?:"([A-Za-z0-9._:~-]{1,100})"|([0-9]{1,100}))' % self.field.encode()
        return frozenset((text or number).decode() for text, number in re.findall(named, value or b""))

    def redacted(self, value: bytes | None) -> bytes | None:
        """What is no JSON object goes as a whole: nobody can say what in it is personal."""
        try:
            body: Any = json.loads(value or b"")
        except (ValueError, RecursionError):
            return None
        if not isinstance(body, dict):
            return None
        structured = "specversion" in body and isinstance(body.get("data"), dict)
        clean = self._structured(body) if structured else self.strip(body)
        return value if clean == body else json.dumps(clean).encode()

    def _structured(self, body: Document) -> Document:
        read = {name: given for name, given in body.items() if name in READ}
        return read | {"data": self.strip(body["data"])}

    def redacted_row(self, row: Document) -> Document:
        """A held or parked record as it is stored. What an exception says may be a value, or a whole document.

        Headers that senders add go as a whole: nobody can say what in them is personal.
        """
        record = row["record"]
        headers = [header for header in record["headers"] if is_read(header[0])]
        sentence = row["sentence"].partition(":")[0] if row.get("error") == "RAISED" else row["sentence"]
        return row | {
            "record": record | {"value": self.redacted(record["value"]), "headers": headers},
            "sentence": sentence,
        }


def told_before(occurred_at: datetime | None, erased: datetime | None) -> bool:
    """Of a record; one that does not say when it happened counts as one from before."""
    return erased is not None and (occurred_at is None or occurred_at <= erased)
