"""The ledger, as analytics tells it, beside the sums of the files."""

import json
from pathlib import Path

from deploy.replay import ledger
from deploy.replay.expectation import bookings, sold_lines
from deploy.replay.period import Period
from deploy.replay.reconcile import RollupDifference, RollupVerdict, compare
from tests.replay.grocer import CANCELLED, ORDINARY, files, row


def entry(order: int, **other: object) -> dict[str, object]:
    """What the ledger has to say about `row(order)`."""
    usual: dict[str, object] = {
        "id": f"cj_{order}//1",
        "order_id": f"cj_{order}",
        "kind": "SALE",
        "paid_day": "2017-01-16",
        "event_day": "2017-01-16",
        "line_id": "1",
        "product_id": "cj_7",
        "units": 1,
        "list_amount": 340,
        "discount_amount": 40,
        "net_amount": 300,
    }
    return usual | other


def reversal(order: int, **other: object) -> dict[str, object]:
    back = {"kind": "CANCEL", "units": -1, "list_amount": 0, "discount_amount": 0, "net_amount": -300}
    return entry(order, **{**back, **other})


def the_order_itself(order: int) -> dict[str, object]:
    return entry(order, product_id=None, line_id=None, units=0, list_amount=0, discount_amount=0, net_amount=0)


def against(folder: Path, *entries: dict[str, object]) -> list[str]:
    """The files hold an ordinary basket and a cancelled one."""
    expected = bookings(sold_lines(files(folder, [row(ORDINARY), row(CANCELLED)]), Period()))
    told = folder / "ledger.jsonl"
    told.write_text("".join(json.dumps(line) + "\n" for line in entries))
    return list(compare(expected, ledger.bookings(told)).sentences())


RIGHT = (the_order_itself(ORDINARY), entry(ORDINARY), entry(CANCELLED), reversal(CANCELLED))


def test_a_ledger_that_says_the_same(tmp_path: Path) -> None:
    assert against(tmp_path, *RIGHT) == [
        "Ledger and source: 26 sums of 2 orders compared: all equal. Other orders in the ledger: 0."
    ]


def test_orders_of_others_are_counted_and_are_no_difference(tmp_path: Path) -> None:
    (told,) = against(tmp_path, *RIGHT, entry(7001), entry(7001, product_id="cj_9"), entry(7002))
    assert told.endswith("all equal. Other orders in the ledger: 2.")


def test_each_bucket_that_differs_is_named(tmp_path: Path) -> None:
    told = against(tmp_path, entry(ORDINARY, list_amount=341, net_amount=301), entry(CANCELLED), reversal(CANCELLED))
    assert told == [
        "Ledger and source: 26 sums of 2 orders compared: 4 differ. Other orders in the ledger: 0.",
        "  day 2017-01-16, gross: expected 680, found 681",
        "  month 2017-01, gross: expected 680, found 681",
        "  product cj_7, gross: expected 680, found 681",
        "  week 2017-W03, gross: expected 680, found 681",
    ]


def test_a_refund_on_another_day_differs_on_both_days_and_on_one_basis_only(tmp_path: Path) -> None:
    told = against(tmp_path, *RIGHT[:3], reversal(CANCELLED, event_day="2017-01-17"))
    assert told[1:] == [
        f"  day {day}, {figure} (basis event): expected {expected}, found {found}"
        for day, side in (("2017-01-16", 0), ("2017-01-17", 1))
        for figure, amount in (("reversals", 300), ("reversed_units", 1))
        for expected, found in ([(amount, 0), (0, amount)][side],)
    ]


def test_an_order_that_the_ledger_lacks_is_a_difference(tmp_path: Path) -> None:
    told = against(tmp_path, entry(ORDINARY))
    assert "  product cj_7, units: expected 2, found 1" in told


def test_rollups_that_differ_are_named() -> None:
    found = RollupDifference(
        scope="product", product_id="cj_7", grain="week", bucket="2017-W03", figure="gross", ledger=2, rollups=1000
    )
    verdict = RollupVerdict(
        ok=False, ledger_rows=4, rollup_documents=2, compared=9, difference_count=3, differences=[found]
    )
    assert list(verdict.sentences()) == [
        "Rollups and ledger: 9 figures of 2 documents compared with 4 rows: 3 differ.",
        "  product cj_7, week 2017-W03, gross: the ledger says 2, the rollup 1,000",
        "  … and 2 more",
    ]
