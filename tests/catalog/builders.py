"""Products and orders with only what a test cares about."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.catalog.domain.editing import register
from services.catalog.domain.product import Product
from services.catalog.settings import Settings
from shared.contracts.base import Money
from shared.contracts.inbox_catalog import ProductSubmitted, SubmittedOption
from shared.contracts.order_state import (
    Claim,
    ClaimLine,
    ClaimStatus,
    ClaimType,
    LineState,
    OrderState,
    OrderStatus,
    Reason,
    Shipment,
)
from shared.contracts.orders import OrderEvent, OrderPlaced
from shared.runtime.decision import Actor, Context

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
SETTINGS = Settings(store_currency="KRW")
WAREHOUSE = Actor("system", "/products")
SELLER = Actor("seller", "local")
PARCEL = Shipment(shipment_id="s", carrier="C", tracking_no="T", lines=(), shipped_at=NOW)


def won(amount: int) -> Money:
    return Money(amount=amount, currency="KRW")


def a_context(message_id: str = "m1", *, actor: Actor = WAREHOUSE, subject: str = "tee") -> Context:
    return Context(now=NOW, message_id=message_id, source="/products", subject=subject, actor=actor, policy=SETTINGS)


def a_submission(product_id: str = "tee", *, stock: int | Mapping[str, int] = 10, **values: Any) -> ProductSubmitted:
    shelf = {"default": stock} if isinstance(stock, int) else stock
    options = tuple(SubmittedOption(option_id=id, stock=units) for id, units in shelf.items())
    given = {"name": "T-shirt", "list_price": won(1000), "options": options, **values}
    return ProductSubmitted(product_id=product_id, **given)


def a_product(product_id: str = "tee", **values: Any) -> Product:
    return register(a_submission(product_id, **values), a_context(f"register-{product_id}")).state


def a_line(line_id: str = "1", product_id: str = "tee", ordered: int = 1, **counters: Any) -> LineState:
    given = {"option_id": "default", "name": "x", "list_amount": won(1000), "discount_amount": won(0), **counters}
    return LineState(line_id=line_id, product_id=product_id, ordered=ordered, **given)


def an_exchange(
    claim_id: str = "c",
    quantity: int = 1,
    target: str = "blue",
    *,
    line_id: str = "1",
    option_id: str = "red",
    **fields: Any,
) -> Claim:
    """What comes back is fit to be sold again."""
    part = ClaimLine(line_id=line_id, quantity=quantity, option_id=option_id, target_option_id=target, good=quantity)
    content: dict[str, Any] = {
        "claim_id": claim_id,
        "type": ClaimType.EXCHANGE,
        "status": ClaimStatus.EXCHANGE_REQUEST,
        "lines": (part,),
        "reason": Reason.COLOR_AND_SIZE,
        "requested_at": NOW,
    }
    return Claim(**content | fields)


def an_order(*lines: LineState, order_id: str = "o1", claims: Sequence[Claim] = ()) -> OrderState:
    return OrderState(
        order_id=order_id,
        channel="shop",
        currency="KRW",
        status=OrderStatus.PAYED,
        lines=lines or (a_line(),),
        claims=tuple(claims),
        shipping_fee=won(0),
        total=won(1000),
        placed_at=NOW,
    )


def placed(*lines: LineState, order_id: str = "o1") -> OrderEvent:
    return OrderPlaced(order=an_order(*lines, order_id=order_id))


def shelf(product: Product, option_id: str = "default") -> tuple[int, int]:
    option = product.option(option_id)
    assert option is not None
    return option.on_hand, option.reserved


def names(events: Sequence[Any]) -> list[str]:
    """Of announcements, which are event classes or partials of them."""
    return [getattr(event, "func", event).__name__ for event in events]
