"""A count of the shelf by the warehouse: what somebody saw there overrules what the movements add up to."""

from datetime import timedelta

from services.catalog.domain.product import LastCount, Option, Product, Shift
from services.catalog.domain.stock import MovementKind, movement
from shared.contracts.inbox_catalog import StockCounted
from shared.runtime.decision import Context, Decision, Invalid, NotYet

CLOCKS_DIFFER = timedelta(minutes=5)
"""A count dated further ahead would have every true one after it refused."""


def count(product: Product, message: StockCounted, ctx: Context) -> Decision[Product]:
    """Sets on_hand. Counts are judged by when they were made: one older than the last is refused."""
    option = product.option(message.option_id)
    if option is None:
        raise NotYet(f"product {product.product_id} has no option {message.option_id} yet", field="option_id")
    if message.counted_at > ctx.now + CLOCKS_DIFFER:
        raise Invalid("counted_at is later than the message itself", field="counted_at")
    counted = LastCount(on_hand=message.on_hand, at=message.counted_at)
    if counted == option.last_count:
        return Decision(product)
    _refuse_older(product, option, counted)
    shift = Shift(on_hand=message.on_hand - option.on_hand)
    row = movement(ctx, product.product_id, option.option_id, MovementKind.COUNTED, shift, counted_at=counted.at)
    return Decision(product.counted(option.option_id, counted), rows=[row])


def _refuse_older(product: Product, option: Option, counted: LastCount) -> None:
    last = option.last_count
    if last is not None and counted.at <= last.at:
        when = f"{last.at:%Y-%m-%d %H:%M:%S} UTC"
        raise product.refuse(f"had option {option.option_id} counted at {when} already", field="counted_at")
