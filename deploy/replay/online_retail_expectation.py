"""What the services have to say about a gift shop's invoices, computed from the files.

Shares nothing with the services or with the mapping to messages except the reading of the files: it proves both.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl

from deploy.replay.expected import Expected
from deploy.replay.figures import BOOKING
from deploy.replay.online_retail_files import OnlineRetailFiles
from deploy.replay.period import Period

ZONE = "Europe/London"
LINES_OF_AN_ORDER = 500
Event = tuple[datetime, int, int, str | None, int]
"""When, 1 for a sale, the row, the invoice that takes back, units."""


def expected(files: OnlineRetailFiles, period: Period) -> Expected:
    rows = files.rows()
    everything = sold_lines(rows)
    sold = everything.filter(_day("placed").is_between(period.first or date.min, period.last or date.max))
    taken = taken_back(everything, taken_back_lines(rows)).join(sold, on="row", how="semi")
    brought = everything.group_by("product").agg(brought=pl.col("units").sum())
    return Expected(period, bookings(sold, taken), states(sold, taken), units(sold, taken), brought)


def sold_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """Every line of a product on a plain invoice that sold something for money. Amounts in pence."""
    sold = (
        _on_first_date(rows, "^[0-9]+$")
        .filter(pl.col("quantity") > 0, pl.col("price") > 0, pl.col("code").str.contains("^[0-9]{5}[A-Z]*$"))
        .sort("row")
    )
    further = (pl.col("row").cum_count().over("invoice") - 1) // LINES_OF_AN_ORDER
    pence = [_pence(price * quantity) for price, quantity in sold.select("price", "quantity").iter_rows()]
    return sold.select(
        "row",
        "customer",
        order=pl.col("invoice") + pl.when(further > 0).then(pl.format("-{}", further + 1)).otherwise(pl.lit("")),
        product="code",
        units="quantity",
        gross=pl.Series(pence, dtype=pl.Int64),
        placed="first",
    )


def taken_back_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """Of products and somebody known."""
    back = _on_first_date(rows, "^C[0-9]+$").filter(pl.col("quantity") < 0, pl.col("price") > 0)
    known = back.filter(pl.col("code").str.contains("^[0-9]{5}[A-Z]*$"), pl.col("customer").is_not_null())
    return known.select("row", "customer", by="invoice", product="code", units=-pl.col("quantity"), at="first")


def taken_back(sold: pl.DataFrame, back: pl.DataFrame) -> pl.DataFrame:
    """How many units of a sold line an invoice took back, when, and whether they had not left by then.

    Per customer and product a stack: what was sold last is taken back first.
    """
    events: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for customer, product, at, row, by, units in back.select("customer", "product", "at", "row", "by", "units").rows():
        events[customer, product].append((at, 0, row, by, units))
    concerned = sold.join(back, on=["customer", "product"], how="semi")
    for customer, product, at, row, units in concerned.select("customer", "product", "placed", "row", "units").rows():
        events[customer, product].append((at, 1, row, None, units))
    found = [one for told in events.values() for one in _unstacked(sorted(told, key=lambda event: event[:3]))]
    schema = {"row": pl.UInt32(), "by": pl.String(), "at": pl.Datetime("ms", ZONE), "taken": pl.Int64()}
    summed = pl.DataFrame(found, schema, orient="row").group_by("row", "by", "at").agg(pl.col("taken").sum())
    early = pl.col("at") < pl.col("placed").dt.offset_by("6h")
    return summed.join(sold, on="row").with_columns(early=early).sort("at", "by", "row")


def _unstacked(events: list[Event]) -> Iterator[tuple[int, str, datetime, int]]:
    stack: list[tuple[int, int]] = []
    for at, _, row, by, units in events:
        if by is None:
            stack.append((row, units))
            continue
        wanted = units
        while wanted and stack:
            last, there = stack.pop()
            some = min(wanted, there)
            yield last, by, at, some
            wanted -= some
            if some < there:
                stack.append((last, there - some))


def bookings(sold: pl.DataFrame, taken: pl.DataFrame, /) -> pl.DataFrame:
    """A row per line, paid when it was placed, and one per line and invoice that took something back of it.

    Before the parcel left a line's first units were cancelled, afterwards its last ones came back. What comes to
    nothing is no refund, and no unit of it is counted.
    """
    nothing = pl.lit(0, pl.Int64)
    paid = {"paid_day": _day("placed"), "discounts": nothing}
    sales = sold.with_columns(**paid, event_day=_day("placed"), reversals=nothing, reversed_units=nothing)
    before = pl.col("taken").cum_sum().over("row", "early") - pl.col("taken")
    start = pl.when("early").then(before).otherwise(pl.col("units") - before - pl.col("taken"))
    parts = taken.with_columns(start=start, end=start + pl.col("taken"))
    worth = pl.col("gross") * pl.col("end") // pl.col("units") - pl.col("gross") * pl.col("start") // pl.col("units")
    back = parts.with_columns(
        **paid, event_day=_day("at"), reversals=worth, reversed_units="taken", gross=nothing, units=nothing
    ).filter(pl.col("reversals").sum().over("order", "by") > 0)
    return pl.concat([sales.select(BOOKING), back.select(BOOKING)])


def states(sold: pl.DataFrame, taken: pl.DataFrame, /) -> pl.DataFrame:
    """An order stands where its least advanced line does: what was kept, then what came back."""
    ordered = sold.group_by("order").agg(pl.col("units").sum())
    back = taken.group_by("order").agg(pl.col("taken").sum(), cancelled=pl.col("taken").filter("early").sum())
    both = ordered.join(back, on="order", how="left").fill_null(0)
    kept, left = pl.col("units") > pl.col("taken"), pl.col("units") > pl.col("cancelled")
    ended = pl.when(left).then(pl.lit("RETURNED")).otherwise(pl.lit("CANCELED"))
    part = pl.when(pl.col("taken") == 0).then(pl.lit("invoice")).otherwise(pl.lit("invoice, a part of it taken back"))
    return both.select(
        "order",
        row=pl.when(kept).then(part).otherwise(pl.lit("invoice, all of it taken back")),
        state=pl.when(kept).then(pl.lit("DELIVERED")).otherwise(ended),
        why=pl.lit(None, pl.String),
    )


def units(sold: pl.DataFrame, taken: pl.DataFrame, /) -> pl.DataFrame:
    """All that was not cancelled has left; nothing tells of goods that are back on the shelf."""
    ordered = sold.group_by("order", "product").agg(pl.col("units").sum())
    cancelled = taken.filter("early").group_by("order", "product").agg(cancelled=pl.col("taken").sum())
    both = ordered.join(cancelled, on=["order", "product"], how="left").fill_null(0)
    nothing = pl.lit(0, pl.Int64)
    shipped = pl.col("units") - pl.col("cancelled")
    return both.select("order", "product", shipped=shipped, reserved=nothing, restocked=nothing)


def _on_first_date(rows: pl.DataFrame, invoices: str) -> pl.DataFrame:
    """A time of which the clocks showed two is the first; one that they skipped is reckoned from an hour before."""
    kind = rows.filter(pl.col("invoice").str.contains(invoices))
    dates = kind.group_by("invoice").agg(first=pl.col("at").min())
    first = pl.col("first")
    moment = _aware(first).fill_null(_aware(first.dt.offset_by("-1h")).dt.offset_by("1h"))
    return kind.join(dates.with_columns(first=moment), on="invoice")


def _aware(stamp: pl.Expr) -> pl.Expr:
    return stamp.dt.replace_time_zone(ZONE, ambiguous="earliest", non_existent="null")


def _day(moment: str) -> pl.Expr:
    return pl.col(moment).dt.date()


def _pence(tenths: int) -> int:
    return int((Decimal(tenths) / 10).quantize(Decimal(1), ROUND_HALF_EVEN))
