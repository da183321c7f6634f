"""Which parked, held or audited records an operator means, as the query parameters of `/ops`."""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.runtime.decision import Document

Name = Annotated[str, Field(max_length=300)]


class Selection(BaseModel):
    """One page of the records with these values. A parameter that does not exist is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")
    since: ClassVar[str]
    """The field that says since when a record is here."""

    group: Name | None = Field(None, description="Consumer group")
    key: Name | None = Field(None, description="Record key")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=2000, description="`next_cursor` of the page before")

    def query(self, now: datetime) -> Document:
        wanted = self.model_dump(exclude_none=True, exclude={"limit", "cursor", "older_than"})
        return wanted | self._old_enough(now)

    def _old_enough(self, now: datetime) -> Document:
        return {}


class Waiting(Selection):
    type: Name | None = Field(None, description="Type of the message, such as `orders.OrderSubmitted.v1`")
    older_than: timedelta | None = Field(None, ge=timedelta(0), description="ISO 8601 duration, such as `PT2H`")

    def _old_enough(self, now: datetime) -> Document:
        return {} if self.older_than is None else {self.since: {"$lte": now - self.older_than}}


class ParkedSelection(Waiting):
    since = "parked_at"
    error: Name | None = Field(None, description="Such as `ILLEGAL_MOVE`, `INVALID`, `RAISED` or `QUEUED`")


class HeldSelection(Waiting):
    since = "held_at"
    waits_for: Name | None = Field(None, description="The document waited for, as `kind/id`")


class AuditSelection(Selection):
    since = "at"
    actor: Name | None = Field(None, description="Who did it, as `role:id`")
    record: Name | None = Field(None, description="Id of the parked record")
