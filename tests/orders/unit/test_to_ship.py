"""The CSV of what is to be shipped, and the same file with its tracking numbers."""

import csv
import io
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.orders.commands import ConfirmOrder
from services.orders.to_ship import COLUMNS, rows_to_ship
from services.orders.tracking_file import Parcel, TrackingFile
from shared.contracts.inbox_orders import Recipient
from shared.contracts.order_state import OrderStatus
from shared.files.writing import MARK, csv_text
from tests.orders.given import (
    ID,
    Desk,
    a_line,
    an_order_to_ship,
    cancel,
    shipped,
)
from tests.support.memory import T0

SEOUL = ZoneInfo("Asia/Seoul")
HONG = Recipient(name="=Hong", phone="+82-10-1234-5678", address="Jong-ro 1\n2층", memo="-")
TWO = (a_line("1", 3), a_line("2", 1))


def exported(desk: Desk, role: str = "seller", **wanted: Any) -> str:
    return MARK + csv_text([COLUMNS, *rows_to_ship(desk.order, role, SEOUL, **wanted)])


def rows(desk: Desk, role: str = "seller", **wanted: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported(desk, role, **wanted).removeprefix(MARK), newline="")))


def units(desk: Desk, **wanted: Any) -> dict[str, str]:
    return {row["line_id"]: row["quantity"] for row in rows(desk, **wanted)}


def test_a_row_says_what_goes_where_and_leaves_room_for_the_tracking_number() -> None:
    [row] = rows(an_order_to_ship(client_order_number="N-1", recipient=HONG))
    assert {name: row[name] for name in ("order_id", "channel", "client_order_number", "line_id")} == {
        "order_id": ID,
        "channel": "web",
        "client_order_number": "N-1",
        "line_id": "1",
    }
    assert (row["product_id"], row["product_name"], row["option_id"], row["quantity"]) == (
        "prd_1",
        "Mug",
        "default",
        "3",
    )
    assert (row["recipient_name"], row["recipient_phone"]) == ("'=Hong", "'+82-10-1234-5678")
    assert (row["recipient_address"], row["recipient_memo"]) == ("Jong-ro 1\n2층", "'-")
    assert (row["place_status"], row["ship_by"], row["overdue"]) == ("NOT_YET", "", "")
    assert row["placed_at"] == (T0 + timedelta(hours=1)).astimezone(SEOUL).isoformat()
    assert (row["carrier"], row["tracking_number"]) == ("", "")


def test_where_it_goes_is_for_the_shop_alone() -> None:
    [row] = rows(an_order_to_ship(recipient=HONG), role="buyer")
    assert {row[column] for column in COLUMNS if column.startswith("recipient")} == {""}


def test_only_what_is_left_and_nobody_asks_to_cancel_is_to_be_shipped() -> None:
    desk = an_order_to_ship(*TWO).tell(shipped("shp_1", {"1": 1}))
    assert units(desk) == {"1": "2", "2": "1"}
    desk.tell(cancel("clm_1", {"1": 1, "2": 1}))
    assert [(row["line_id"], row["quantity"], row["cancel_requested"]) for row in rows(desk)] == [("1", "1", "1")]


def test_what_is_promised_and_overdue_is_told() -> None:
    desk = an_order_to_ship()
    assert (units(desk, confirmed=True), units(desk, confirmed=False)) == ({}, {"1": "3"})
    desk.ask(ConfirmOrder(order_id=ID))
    assert (units(desk, confirmed=True), units(desk, confirmed=False)) == ({"1": "3"}, {})
    [row] = rows(desk.wait(24 * 30))
    assert desk.public.overdue_since is not None
    assert (row["place_status"], row["overdue"]) == ("OK", "overdue")
    assert row["ship_by"] == desk.public.overdue_since.astimezone(SEOUL).isoformat()


def parcels(content: str) -> list[Parcel]:
    told = list(TrackingFile(content.encode()).told)
    assert all(isinstance(one, Parcel) for one in told), told
    return [one for one in told if isinstance(one, Parcel)]


def test_the_file_filled_in_ships_the_order_in_one_parcel_and_once() -> None:
    desk = an_order_to_ship(*TWO, recipient=HONG)
    filled = exported(desk).replace(",,\r\n", ",CJGLS,6400-1\r\n")
    [parcel] = parcels(filled)
    assert desk.ask(parcel.message).status is OrderStatus.DELIVERING
    assert [line.shipped for line in desk.public.lines] == [3, 1]
    [shipment] = desk.public.shipments
    assert (shipment.carrier, shipment.tracking_no) == ("CJGLS", "6400-1")
    before = desk.order
    [again] = parcels(filled)
    desk.ask(again.message)
    assert desk.order == before
