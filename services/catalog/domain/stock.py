"""The stock ledger and what it makes known: every change of a shelf is a movement, and their sums are the shelf."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial

from services.catalog.domain.product import Product, Shift
from shared.contracts.catalog import ProductRestocked, ProductSoldOut, StockChanged
from shared.runtime.decision import Announcement, Context, Row

MOVEMENTS = "stock_movements"


class MovementKind(StrEnum):
    BROUGHT = "BROUGHT"
    RESERVED = "RESERVED"
    RELEASED = "RELEASED"
    SHIPPED = "SHIPPED"
    SHIPPED_UNRESERVED = "SHIPPED_UNRESERVED"
    """A parcel left with units nothing was reserved for: the carrier's word counts."""
    RESTOCKED = "RESTOCKED"
    WRITTEN_OFF = "WRITTEN_OFF"
    """The option was taken out of the product with units on the shelf."""
    COUNTED = "COUNTED"
    """What a count found more, or less, than the movements before it say; 0 where it agrees with them."""


def movement(
    ctx: Context,
    product_id: str,
    option_id: str,
    kind: MovementKind,
    shift: Shift,
    *,
    order_id: str | None = None,
    counted_at: datetime | None = None,
) -> Row:
    document = {
        "product_id": product_id,
        "option_id": option_id,
        "kind": kind.value,
        "on_hand": shift.on_hand,
        "reserved": shift.reserved,
        "order_id": order_id,
        "counted_at": counted_at,
        "at": ctx.now,
        "by": str(ctx.actor),
    }
    return Row(MOVEMENTS, ctx.new_row_id("mov"), document)


def stock_events(before: Product | None, after: Product, _ctx: Context) -> Sequence[Announcement]:
    """What a whole batch did to `available`: nothing for a shipment, which takes on_hand and reserved alike.

    Others know what was before the batch; where it registered or edited the product, what that has told.
    """
    was = {option.option_id: option.available for option in before.options} if before else {}
    told_anew = after.edited_since(before)
    changed: list[str] = []
    sold_out: list[str] = []
    restocked: list[str] = []
    for option in after.options:
        available, had = option.available, was.get(option.option_id, option.told)
        if available != (option.told if told_anew else had):
            changed.append(option.option_id)
        if (available > 0) != (had > 0):
            (sold_out if had > 0 else restocked).append(option.option_id)
    told = ((StockChanged, changed), (ProductSoldOut, sold_out), (ProductRestocked, restocked))
    return [partial(event, option_ids=tuple(option_ids)) for event, option_ids in told if option_ids]
