"""The options of a product as a submission or an edit wants them, and what that brings to the shelves or takes away."""

from collections.abc import Iterator, Sequence

from services.catalog.domain.product import Option, Product, Shift
from services.catalog.domain.stock import MovementKind, movement
from shared.contracts.base import Money
from shared.contracts.inbox_catalog import MAX_OPTIONS, SubmittedOption
from shared.runtime.decision import Context, Invalid, Row


def wanted_options(known: Sequence[Option], wanted: Sequence[SubmittedOption], currency: str) -> tuple[Option, ...]:
    """A known option keeps its shelf, a new one brings its own; `stock` of a known one says nothing."""
    shelf = {option.option_id: option for option in known}
    return tuple(_described(option, shelf.get(option.option_id), currency) for option in wanted)


def with_options(known: Sequence[Option], more: Sequence[SubmittedOption], currency: str) -> tuple[Option, ...]:
    """The known options, with more of them or with what is said about them; what is not said stays."""
    changed = {option.option_id: option for option in more}
    kept = [_changed(option, changed.pop(option.option_id, None), currency) for option in known]
    if len(kept) + len(changed) > MAX_OPTIONS:
        raise Invalid(f"a product has at most {MAX_OPTIONS} options", field="options")
    return (*kept, *(_described(option, None, currency) for option in changed.values()))


def _changed(option: Option, wanted: SubmittedOption | None, currency: str) -> Option:
    if wanted is None:
        return option
    described = _described(wanted, option, currency)
    return option.model_copy(update={name: getattr(described, name) for name in wanted.model_fields_set - {"stock"}})


def _described(wanted: SubmittedOption, known: Option | None, currency: str) -> Option:
    description = {
        "name": wanted.name,
        "sku": wanted.sku,
        "price_difference": wanted.price_difference or Money(amount=0, currency=currency),
        "safety_level": wanted.safety_level,
    }
    if known is not None:
        return known.model_copy(update=description)
    return Option(option_id=wanted.option_id, **description, on_hand=wanted.stock, told=wanted.stock)


def shelf_movements(product: Product, options: Sequence[Option], ctx: Context) -> Iterator[Row]:
    """What comes with new options and what goes with those left out; refuses to take out one that orders wait for."""
    before = {option.option_id: option for option in product.options}
    for option in options:
        if before.pop(option.option_id, None) is None:
            yield from brought(product.product_id, option, ctx)
    for option_id, gone in before.items():
        if gone.reserved > 0:
            raise product.refuse(f"has {gone.reserved} units of option {option_id} reserved: keep it", field="options")
        if gone.on_hand:
            kind = MovementKind.WRITTEN_OFF
            yield movement(ctx, product.product_id, option_id, kind, Shift(on_hand=-gone.on_hand))


def brought(product_id: str, option: Option, ctx: Context) -> Iterator[Row]:
    if option.on_hand:
        yield movement(ctx, product_id, option.option_id, MovementKind.BROUGHT, Shift(on_hand=option.on_hand))
