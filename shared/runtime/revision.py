"""Which revision of a document a person's edit was made from: `If-Match`, so that none is overwritten unseen. Pure."""

from shared.runtime.decision import Refusal
from shared.runtime.stored import Entry

ANY_REVISION = -1
"""`If-Match: *`: whatever the revision is."""


class PreconditionRequired(Refusal):
    error = "PRECONDITION_REQUIRED"


class StaleRevision(Refusal):
    error = "STALE_REVISION"


def check(entry: Entry, if_match: int | None) -> None:
    """Raises PreconditionRequired where none is named, StaleRevision where another edit came between."""
    if entry.state is None:
        return
    if if_match is None:
        raise PreconditionRequired("send If-Match with the ETag you read, so that no edit is overwritten")
    if if_match not in (entry.revision, ANY_REVISION):
        raise StaleRevision(f"it was edited meanwhile: revision {entry.revision}, you had {if_match}")
