"""Who asks about which order in the demo."""

from random import Random

import pytest

from deploy.replay.completejourney_files import CompleteJourneyFiles
from deploy.replay.demo.week import PAUSE, SEED, Week, asking
from shared.contracts.inbox_orders import OrderSubmitted, ShipmentHandedOver


@pytest.fixture(scope="module")
def week() -> Week:
    return Week.of(CompleteJourneyFiles.installed())


def subjects(messages: object, kind: str) -> set[str]:
    assert isinstance(messages, list)
    return {message.subject for message in messages if message.type == kind}


def test_nothing_is_lost_at_the_pause(week: Week) -> None:
    assert [*week.until_pause, *week.after_pause] == list(week.source.messages())
    assert week.until_pause[-1].time < PAUSE <= week.after_pause[0].time


def test_everyone_asks_about_another_order(week: Week) -> None:
    parts = week.asking
    everyone = [parts.followed, *parts.before, *parts.unshipped, *parts.meanwhile]
    assert len({customer.order_id for customer in everyone}) == len(everyone) == 201


def test_who_asks_in_the_pause_asks_about_an_order_that_is_known_and_not_shipped(week: Week) -> None:
    known = subjects(week.until_pause, OrderSubmitted.wire_type())
    shipped = subjects(week.until_pause, ShipmentHandedOver.wire_type())
    waiting = {customer.order_id for customer in (week.asking.followed, *week.asking.unshipped)}
    assert waiting <= known - shipped
    assert week.asking.followed.order_id in subjects(week.after_pause, ShipmentHandedOver.wire_type())


def test_the_same_seed_asks_the_same(week: Week) -> None:
    assert asking(week.source.baskets(), Random(SEED)) == week.asking
