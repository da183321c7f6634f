"""Real baskets as messages for the inboxes, and as the events that orders would publish for them."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from aiokafka import AIOKafkaProducer

from deploy.replay.completejourney import CompleteJourney
from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.period import Period
from services.orders.handlers import TABLE
from services.orders.repository import CLIENT_ORDER, ORDER
from services.orders.settings import Settings
from shared.contracts.envelope import Envelope
from shared.runtime.personal import ERASED
from shared.runtime.records import Record
from tests.support.memory import MemoryRuntime

FIRST_DAY = date(2017, 1, 16)
STORE = {"STORE_CURRENCY": "USD", "STORE_TIMEZONE": "America/New_York", "ORDERS_HOLIDAY_COUNTRY": "US"}
"""The environment of services that take these baskets."""
AT_ONCE = 500
IN_FLIGHT = 5_000


def messages(days: int) -> list[Envelope]:
    """What the marketplaces, tills and carriers of so many days told, in the order of its times."""
    period = Period(FIRST_DAY, FIRST_DAY + timedelta(days=days - 1))
    return list(CompleteJourney(CompleteJourneyFiles.installed(), period).messages())


def orders_core() -> MemoryRuntime:
    settings = Settings(store_currency="USD", store_timezone="America/New_York", holiday_country="US")
    return MemoryRuntime("orders", TABLE, [ORDER, CLIENT_ORDER, ERASED], settings)


def order_events(days: int) -> list[Record]:
    """Decided by the orders service's own table, in memory."""
    core = orders_core()
    for some in batches(messages(days)):
        core.deliver(*some)
    return core.records


def batches(envelopes: Sequence[Envelope]) -> Iterator[Sequence[Envelope]]:
    return (envelopes[start : start + AT_ONCE] for start in range(0, len(envelopes), AT_ONCE))


async def produce(kafka: str, topic: str, records: Sequence[Record]) -> None:
    """As the relay would write them: by key, in order."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, compression_type="lz4", linger_ms=5, max_batch_size=256 * 1024)
    async with producer:
        for start in range(0, len(records), IN_FLIGHT):
            sent = [
                await producer.send(topic, record.value, record.key, headers=record.headers)
                for record in records[start : start + IN_FLIGHT]
            ]
            for one in sent:
                await one
