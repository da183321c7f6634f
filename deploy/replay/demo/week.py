"""The demo's week of real orders, and who asks about which of them when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from deploy.replay.completejourney import CompleteJourney
from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.completejourney_story import HAND_OVER_AFTER, Basket
from deploy.replay.demo.desk import Customer
from deploy.replay.period import Period
from shared.contracts.envelope import Envelope

PLACED = Period(date(2017, 1, 16), date(2017, 1, 22))
BOOKED = Period(date(2017, 1, 16), date(2017, 1, 24))
"""The last goodwill refunds settle two days after the last order."""
PAUSE = datetime(2017, 1, 20, 2, tzinfo=UTC)
"""Nine in the evening at the store: the replay stops here, with orders that are paid and not shipped yet."""
SEED = 20170116


@dataclass(frozen=True)
class Asking:
    """Customers by the moment when they ask."""

    followed: Customer
    """The one whose ticket is shown: asks before the order is known, which ships after the pause."""
    before: Sequence[Customer]
    """Before any order is known."""
    unshipped: Sequence[Customer]
    """In the pause, about orders not shipped yet."""
    meanwhile: Sequence[Customer]
    """While the rest of the week is replayed."""


@dataclass(frozen=True)
class Week:
    source: CompleteJourney
    until_pause: Sequence[Envelope]
    after_pause: Sequence[Envelope]
    asking: Asking

    @classmethod
    def of(cls, files: CompleteJourneyFiles) -> "Week":
        source = CompleteJourney(files, PLACED)
        messages = list(source.messages())
        pause = next(place for place, message in enumerate(messages) if message.time >= PAUSE)
        return cls(source, messages[:pause], messages[pause:], asking(source.baskets(), Random(SEED)))


def asking(baskets: Iterable[Basket], random: Random) -> Asking:
    """About one order in fifteen."""
    left = list(baskets)
    random.shuffle(left)
    in_flight = [basket for basket in left if PAUSE - HAND_OVER_AFTER < basket.placed_at < PAUSE - timedelta(hours=3)]
    followed = next(basket for basket in in_flight if not basket.is_cancelled and 3 <= len(basket.quantity) <= 6)
    unshipped = [basket for basket in in_flight if basket is not followed][:40]
    rest = [basket for basket in left if basket is not followed and basket not in unshipped]
    return Asking(_customer(followed), *([_customer(b) for b in some] for some in (rest[:60], unshipped, rest[60:160])))


def _customer(basket: Basket) -> Customer:
    return Customer(basket.order_id, basket.customer_id)
