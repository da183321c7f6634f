"""The stock ledger and what it makes known: every change of a shelf is a movement, and their sums are the shelf."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial

from services.catalog.domain.product import Option, Product, Shift
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
    }
    return Row(MOVEMENTS, ctx.new_id("mov"), document)


def stock_events(before: Product | None, after: Product, _ctx: Context) -> Sequence[Announcement]:
    """What a whole batch did to `available`: nothing for a shipment, which takes on_hand and reserved alike."""
    changed = [option.option_id for option, told in _since_told(before, after) if option.available != told]
    crossed = [(option, was > 0) for option, was in _since_before(before, after) if (option.available > 0) != (was > 0)]
    sold_out = [option.option_id for option, had_some in crossed if had_some]
    restocked = [option.option_id for option, had_some in crossed if not had_some]
    events: list[Announcement] = []
    if changed:
        events.append(partial(StockChanged, option_ids=tuple(changed)))
    if sold_out:
        events.append(partial(ProductSoldOut, option_ids=tuple(sold_out)))
    if restocked:
        events.append(partial(ProductRestocked, option_ids=tuple(restocked)))
    return events


def _since_told(before: Product | None, after: Product) -> Iterator[tuple[Option, int]]:
    """Each option with the `available` that others know: an edit within the batch has told it already."""
    known = {} if before is None or before.version != after.version else {o.option_id: o for o in before.options}
    for option in after.options:
        yield option, known[option.option_id].available if option.option_id in known else option.told


def _since_before(before: Product | None, after: Product) -> Iterator[tuple[Option, int]]:
    known = {option.option_id: option for option in before.options} if before else {}
    for option in after.options:
        yield option, known[option.option_id].available if option.option_id in known else option.told
