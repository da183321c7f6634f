"""What a service refused: `<service>.rejected`. No values of the refused message, so nothing personal leaks."""

from typing import Annotated

from pydantic import Field

from shared.contracts.base import Contract


class CommandRejected(Contract):
    """Answers the system that sent the message. Its wire type is `<service>.CommandRejected.v1`."""

    source: str
    message_id: str
    message_type: str
    error: str
    """The kind of refusal: ILLEGAL_MOVE, INVALID, UNKNOWN_VERSION …"""
    sentence: Annotated[str, Field(max_length=2000)]
    field: str | None = None
