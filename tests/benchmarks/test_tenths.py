"""Whether the end of a long run is as fast as its beginning: whoever computes that wrongly finds out after an hour."""

import pytest

from tests.benchmarks.place import SERVICES
from tests.benchmarks.tenths import costs, slowest, within
from tests.benchmarks.watched import Look
from tests.benchmarks.year import pace, told_of_orders, unsent_no_more


def look(at: float, commands: int, unread: int = 0, events: int | None = None) -> Look:
    told = commands if events is None else events
    return Look(at, {name: commands if name == "orders" else told for name in SERVICES}, unread, {}, {})


def test_each_tenth_of_steady_work_costs_the_same_whenever_somebody_looked() -> None:
    assert costs([0, 5, 50, 100], [10, 11, 20, 30]) == pytest.approx([2] * 10)


def test_work_that_gets_dearer_has_a_dear_last_tenth() -> None:
    done = list(range(0, 101, 10))
    assert costs(done, [n * n for n in range(11)])[::9] == [1, 19]


def test_waiting_before_the_end_is_no_cost_of_the_work() -> None:
    assert costs([0, 10, 10, 10], [0, 10, 20, 30]) == pytest.approx([1] * 10)


def test_values_of_a_tenth_are_those_seen_within_it() -> None:
    done = list(range(101))
    assert within(done, done, 1) == 15
    assert within(done, done, 9) == 95


def test_an_order_is_done_when_the_last_service_has_taken_it() -> None:
    assert slowest([0, 5, 10, 10], [0, 4, 8, 20]) == [0, 0.2, 0.4, 1]


def test_a_run_begins_with_the_first_order_not_with_the_products() -> None:
    looks = [look(0, 0), look(2, 0), look(4, 7), look(6, 9)]
    assert [one.at for one in told_of_orders(looks)] == [2, 4, 6]


def test_commands_are_compared_from_the_last_one_sent_to_the_last_one_taken() -> None:
    looks = [look(0, 0, 4), look(2, 2, 5), look(4, 4, 6), look(6, 7, 3), look(8, 10, 0), look(10, 10, 0)]
    assert [one.at for one in unsent_no_more(looks)] == [4, 6]


def test_a_run_that_slows_down_misses_its_goal() -> None:
    looks = [look(at=n**1.3, commands=n, unread=100 - n) for n in range(101)]
    figures = {figure.name: figure for figure in pace(1_000, looks)}
    assert figures["orders done, last tenth / first"].met is False
    assert figures["commands taken, last tenth / first"].met is False
    assert figures["orders done, tenth 1"].value == pytest.approx(100 / 10**1.3)


def test_a_run_that_keeps_its_pace_meets_it_though_commands_were_far_ahead() -> None:
    looks = [look(at=n, commands=min(100, 2 * n), unread=100 - min(100, 2 * n), events=n) for n in range(101)]
    figures = {figure.name: figure for figure in pace(1_000, looks)}
    assert figures["orders done, last tenth / first"].value == pytest.approx(1)
    assert figures["commands taken, nobody sending"].value == pytest.approx(2)
