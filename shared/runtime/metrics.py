"""What Prometheus scrapes at /metrics."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

from shared.contracts.base import Message
from shared.runtime.decision import Refusal
from shared.runtime.errors import BadRequest

RECORDS = Counter("sellerdesk_records_total", "Records of a consumer group by what became of them", ["group", "result"])
BATCHES = Counter("sellerdesk_batches_total", "Committed transactions of a consumer group", ["group"])
BATCH_SECONDS = Histogram("sellerdesk_batch_seconds", "Time of one committed batch", ["group"])
FENCED = Counter("sellerdesk_fenced_total", "Batches refused because another process owns the partition", ["group"])
COMMANDS = Counter(
    "sellerdesk_commands_total", "HTTP commands by outcome: applied, repeated, refused or failed", ["type", "outcome"]
)
PUBLISHED = Counter("sellerdesk_published_total", "Events acknowledged by Kafka", ["service"])
OUTBOX_ROWS = Gauge("sellerdesk_outbox_rows", "Events waiting for the relay", ["service"])
OUTBOX_AGE = Gauge("sellerdesk_outbox_oldest_seconds", "Age of the oldest waiting event", ["service"])
LAG = Gauge("sellerdesk_lag_records", "Records behind the end of the log", ["group", "topic", "partition"])
HELD = Gauge("sellerdesk_held_records", "Records that came too early and wait", ["service"])
LIMIT = Gauge("sellerdesk_limit", "Bounds: parked_records, records_per_key, outbox_rows", ["service", "what"])
QUEUED_KEYS = Gauge("sellerdesk_queued_keys", "Keys whose records queue behind a parked one", ["service"])
FULLEST_KEY = Gauge("sellerdesk_fullest_key_records", "Records of the key that has most of them queued", ["service"])
PARKED = Gauge("sellerdesk_parked_records", "Records that cannot be applied and wait for an operator", ["service"])


@contextmanager
def counted(commands: Sequence[Message]) -> Iterator[list[str]]:
    """Commands, by the outcomes that the block appends in their order; all of them end with what it raises."""
    outcomes: list[str] = []
    try:
        yield outcomes
    except BaseException as error:
        outcomes[:] = ["refused" if isinstance(error, Refusal | BadRequest) else "failed"] * len(commands)
        raise
    finally:
        for command, outcome in zip(commands, outcomes, strict=True):
            COMMANDS.labels(command.wire_type(), outcome).inc()
