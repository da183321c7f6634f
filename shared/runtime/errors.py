"""What keeps a request or a batch from being worked off and is no decision's answer."""

from aiokafka.errors import KafkaError
from pymongo.errors import BulkWriteError, PyMongoError

from shared.runtime.mongo import Unavailable


class NotFound(Exception):
    """A read names something that is not there."""


class BadRequest(Exception):
    """The request contradicts itself or an earlier one."""


class Busy(Exception):
    """More commands than can be taken right now."""


class Paused(Exception):
    """A consumer group writes nothing for now."""


class Fenced(Exception):
    """A partition's stored offset is not what this process wrote last: another one has it now, or it is paused."""


def of_the_records(error: Exception) -> bool:
    """Whether the same records would fail again: nobody is away, nothing was missing, and no partition was lost."""
    if isinstance(error, BulkWriteError):
        return True
    return not isinstance(error, Fenced | Paused | NotFound | Unavailable | PyMongoError | KafkaError | OSError)
