"""One message of a ticket's conversation. Kept beside the ticket, so a long talk never makes its document grow."""

from enum import StrEnum

from shared.contracts.base import Contract, Count, Id, Utc
from shared.runtime.decision import Actor, Row

COLLECTION = "messages"


class Author(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


ROLES = {"buyer": Author.CUSTOMER, "customer": Author.CUSTOMER, "bot": Author.BOT, "system": Author.SYSTEM}


def author_of(actor: Actor) -> Author:
    return ROLES.get(actor.role, Author.AGENT)


class Message(Contract):
    inquiry_id: Id
    number: Count
    """1, 2, 3 … within the ticket."""
    author: Author
    by: str
    public: bool
    text: str
    at: Utc

    def row(self) -> Row:
        return Row(COLLECTION, f"{self.inquiry_id}/{self.number:06d}", self.model_dump())
