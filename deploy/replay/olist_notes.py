"""What a replay of marketplace orders does not send, and what it sends without the files saying so."""

from collections.abc import Iterable, Sequence

import polars as pl

from deploy.replay.olist_story import ENDED, TIMEZONE, Order
from deploy.replay.source import Note


def left_out(orders: Sequence[Order], chosen: int, reviews: int) -> Sequence[Note]:
    never_approved = [order for order in orders if order.due and not order.approved]
    held = sum(bool(order.handed_over) + bool(order.delivered) for order in never_approved)
    return _counted(
        Note(chosen - len(orders), "orders", "they have no items"),
        Note(
            len(never_approved),
            "payments",
            f"the files tell no approval; the {held:,} hand-overs and deliveries of these orders are sent and held",
        ),
        Note(
            _count(order.delivered is not None and order.handed_over is None for order in orders),
            "hand-overs",
            "the files tell no time; the deliveries are sent and held",
        ),
        Note(
            _count(order.status == "delivered" and order.delivered is None for order in orders),
            "deliveries",
            "the files tell no time of these delivered orders",
        ),
        Note(
            _count(order.status in ENDED and order.was_shipped and not order.can_return for order in orders),
            "returns",
            "the files tell no payment or no hand-over, so nothing is with a customer who could send it back",
        ),
        Note(reviews, "reviews", "inquiries takes none"),
    )


def made_up(orders: Sequence[Order], catalogue: pl.DataFrame, payments: pl.DataFrame) -> Sequence[Note]:
    ended = [order for order in orders if order.status in ENDED]
    returned = _count(order.was_shipped and order.can_return for order in ended)
    untranslated = catalogue.filter("untranslated").height
    return _counted(
        Note(
            _count(not order.was_shipped for order in ended),
            "cancels with their refunds",
            "of canceled and unavailable orders, 1 s after the last that is known of them",
        ),
        Note(
            returned,
            "returns with their refunds",
            "of orders canceled after they were shipped: the parcel is back, in good order, 1 s after the last known",
        ),
        Note(
            _paid_otherwise(orders, payments),
            "amounts of payments",
            "the payments in the files add up to another sum than price + freight, which is due",
        ),
        Note(
            _count(order.handed_over is not None for order in orders),
            "carriers and tracking numbers",
            "the files tell neither",
        ),
        Note(
            _unclear_stamps(orders),
            "times",
            "the clocks showed them twice or never: the first time, or as if they had not been changed",
        ),
        Note(catalogue.height, "stocks and prices", "units ordered in the whole file; its first unit price"),
        Note(catalogue.height, "product names", "the catalogue has none: category and start of the id"),
        Note(untranslated, "English categories", "no translation in the files, so the Portuguese name"),
    )


def _paid_otherwise(orders: Sequence[Order], payments: pl.DataFrame) -> int:
    """Orders that are paid here with another sum than the one in the files."""
    paid = payments.group_by("order_id").agg((pl.col("payment_value") * 100).round().cast(pl.Int64).sum())
    due = pl.DataFrame(
        [(order.order_id, order.due) for order in orders if order.was_paid],
        {"order_id": pl.String, "due": pl.Int64},
        orient="row",
    )
    both = due.join(paid, on="order_id", how="left")
    return both.filter(pl.col("payment_value").fill_null(0) != pl.col("due")).height


def _unclear_stamps(orders: Sequence[Order]) -> int:
    stamps = pl.Series([stamp for order in orders for stamp in order.stamps], dtype=pl.Datetime("ms"))
    return stamps.dt.replace_time_zone(TIMEZONE, ambiguous="null", non_existent="null").null_count()


def _count(answers: Iterable[bool]) -> int:
    return sum(answers)


def _counted(*notes: Note) -> list[Note]:
    return [note for note in notes if note.count]
