"""The CSV of what may be shipped now: filled in, it is the file that ships it (`tracking_file.py`). Pure."""

from collections.abc import Iterator
from datetime import tzinfo

from services.orders.domain.guards import SELLER
from services.orders.domain.order import Order, free
from shared.contracts.inbox_orders import Recipient
from shared.contracts.order_state import LineState, OrderState, PlaceStatus
from shared.files.cells import in_zone
from shared.files.writing import Cells

TO_FILL_IN = ("carrier", "tracking_number")
COLUMNS = (
    "order_id",
    "channel",
    "client_order_number",
    "line_id",
    "product_id",
    "product_name",
    "option_id",
    "option_name",
    "quantity",
    "cancel_requested",
    "place_status",
    "ship_by",
    "overdue",
    "placed_at",
    "recipient_name",
    "recipient_phone",
    "recipient_address",
    "recipient_memo",
    *TO_FILL_IN,
)


def rows_to_ship(order: Order, role: str, zone: tzinfo, confirmed: bool | None = None) -> Iterator[Cells]:
    """A row per line with units left that nobody has asked to cancel: those are decided first.

    confirmed: only lines that the seller has, or has not, taken on.
    """
    recipient = order.recipient if role in SELLER else None
    for line in order.state.lines:
        if free(line) and confirmed in (None, line.place_status is PlaceStatus.OK):
            yield [*_cells(order.state, line, zone), *_address(recipient), *(None for _ in TO_FILL_IN)]


def _cells(state: OrderState, line: LineState, zone: tzinfo) -> Cells:
    return (
        state.order_id,
        state.channel,
        state.client_order_number,
        line.line_id,
        line.product_id,
        line.name,
        line.option_id,
        line.option_name,
        free(line),
        line.cancel_open,
        line.place_status,
        in_zone(state.ship_by, zone),
        "overdue" if state.overdue_since else None,
        in_zone(state.placed_at, zone),
    )


def _address(recipient: Recipient | None) -> Cells:
    if recipient is None:
        return None, None, None, None
    return recipient.name, recipient.phone, recipient.address, recipient.memo
