"""What a replay of a shop's invoices does not send, and what it sends without the files saying so."""

from collections.abc import Iterable, Sequence

import polars as pl

from deploy.replay.online_retail_matching import Match
from deploy.replay.online_retail_rows import BROUGHT_BACK, CANCELS, PLAIN, PRODUCT, SOLD
from deploy.replay.online_retail_story import CURRENCY, Order
from deploy.replay.source import Note
from shared.contracts.inbox_orders import MAX_LINES


def left_out(rows: pl.DataFrame, orders: Sequence[Order], back: pl.DataFrame, found: Iterable[Match]) -> Sequence[Note]:
    """Of the rows of the chosen days; of the cancellations those made on these days."""
    told = {order.order_id.partition("-")[0] for order in orders}
    bare = rows.filter(PLAIN & SOLD & ~pl.col("invoice").is_in(told))
    here = set(rows["row"])
    prices = dict(back.select("row", "price").iter_rows())
    lost = [match for match in found if match.sold is None and match.row in here]
    worth = sum(match.units * prices[match.row] for match in lost) / 1000
    return _counted(
        Note(rows.filter(PLAIN & SOLD & ~PRODUCT).height, "lines", "postage, fees and the like: no product"),
        Note(rows.filter(PLAIN & (pl.col("quantity") < 0)).height, "lines", "write-offs: below 0 on a plain invoice"),
        Note(rows.filter(PLAIN & (pl.col("quantity") >= 0) & ~SOLD).height, "lines", "they cost or sell nothing"),
        Note(rows.filter(~PLAIN & ~CANCELS).height, "lines", "debts written off: their invoices are no numbers"),
        Note(bare["invoice"].n_unique(), "invoices", "none of their lines sells a product"),
        Note(_count(not order.due for order in orders), "payments", "nothing is due, so the order is paid when placed"),
        Note(
            rows.filter(CANCELS & ~(BROUGHT_BACK & PRODUCT)).height,
            "cancellation lines",
            "of postage, fees and the like, or of no units that had a price",
        ),
        Note(
            len(lost),
            "cancellation lines",
            "no earlier line of the same customer and code has all their units left: "
            f"{sum(match.units for match in lost):,} units unmatched, {worth:,.2f} {CURRENCY}",
        ),
    )


def made_up(orders: Sequence[Order], products: int, back: pl.DataFrame, found: Iterable[Match]) -> Sequence[Note]:
    taken = [(order, one) for order in orders for one in order.taken_back]
    ids = {order.order_id for order in orders}
    prices = dict(back.select("row", "price").iter_rows())
    otherwise = [m for m in found if m.sold and m.sold.order_id in ids and m.sold.price != prices[m.row]]
    return _counted(
        Note(
            _count(order.was_shipped for order in orders),
            "hand-overs and deliveries",
            "the files tell neither: 6 h and 30 h after placing",
        ),
        Note(
            _count(order.is_early(one) for order, one in taken),
            "cancels",
            "of what was taken back before the parcel left; their reason, a changed mind, too",
        ),
        Note(
            _count(not order.is_early(one) for order, one in taken),
            "returns",
            "of what was taken back later, and their reason; nothing tells of goods on the shelf again",
        ),
        Note(
            len(otherwise),
            "amounts of refunds",
            "the cancellation names another price than its line was sold at, which is what goes back",
        ),
        Note(
            _count("-" in order.order_id for order in orders),
            "orders",
            f"an order takes {MAX_LINES} lines: the rest of an invoice is one of its own, <invoice>-2",
        ),
        Note(products, "stocks and prices", "units ordered in the whole file; its first unit price"),
    )


def _count(answers: Iterable[bool]) -> int:
    return sum(answers)


def _counted(*notes: Note) -> list[Note]:
    return [note for note in notes if note.count]
