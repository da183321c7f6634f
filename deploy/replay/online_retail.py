"""A UK gift shop's invoices: which of their lines are orders of which products, and what was taken back of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import polars as pl

from deploy.replay import online_retail_notes
from deploy.replay.online_retail_files import OnlineRetailFiles
from deploy.replay.online_retail_matching import Match, matches
from deploy.replay.online_retail_rows import cancellations, dated, order_lines, pence
from deploy.replay.online_retail_story import CURRENCY, SENDER, TIMEZONE, Order, TakenBack, money, story, utc
from deploy.replay.period import Period
from deploy.replay.refusal import ReplayRefused
from deploy.replay.source import UNCATEGORISED, Note, in_order_of_time
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_catalog import ProductSubmitted, SubmittedOption


class OnlineRetail:
    name = "online-retail"
    currency = CURRENCY
    timezone = TIMEZONE

    def __init__(self, files: OnlineRetailFiles, period: Period, limit: int | None = None) -> None:
        self._rows = dated(files.rows())
        self._lines = order_lines(self._rows)
        self._chosen = _first_orders(self._lines.filter(period.has(pl.col("placed").dt.date())), limit)
        if self._chosen.is_empty():
            raise ReplayRefused(f"No order was placed in {period}.")
        until = pl.lit(value=True) if limit is None else pl.col("placed") <= self._chosen["placed"].max()
        self._told = self._rows.filter(period.has(pl.col("placed").dt.date()) & until)

    @property
    def product_count(self) -> int:
        return self.catalogue.height

    @cached_property
    def order_count(self) -> int:
        return self._chosen["order_id"].n_unique()

    @cached_property
    def catalogue(self) -> pl.DataFrame:
        """What is known about each product of the chosen orders; the same for every period."""
        known = (
            self._lines.sort("placed", "row")
            .group_by("code")
            .agg(
                pl.col("quantity").sum(),
                price=pence(pl.col("price")).first(),
                name=pl.col("description").drop_nulls().first(),
            )
        )
        named = known.with_columns(pl.col("name").fill_null(pl.format("product {}", "code")))
        return named.join(self._chosen, on="code", how="semi").sort("code")

    def products(self) -> Iterable[Envelope]:
        opening = utc(self._lines["placed"][0])
        for product in self.catalogue.iter_rows(named=True):
            message = ProductSubmitted(
                product_id=product["code"],
                name=product["name"],
                category=(UNCATEGORISED,),
                list_price=money(product["price"]),
                options=(SubmittedOption(stock=product["quantity"]),),
            )
            yield SENDER.envelope(message, message.product_id, opening)

    def messages(self) -> Iterator[Envelope]:
        return in_order_of_time(map(story, self.orders))

    @cached_property
    def orders(self) -> Sequence[Order]:
        """By the time of placing; at the same minute by number."""
        names = self._chosen.join(self.catalogue.select("code", "name"), on="code").sort("row")
        lists = names.group_by("placed", "order_id").agg(
            pl.col("customer").first(), "place", "code", "name", "quantity", "amount"
        )
        rows = lists.sort("placed", "order_id").iter_rows(named=True)
        return [Order(**row, taken_back=self._taken_back.get(row["order_id"], ())) for row in rows]

    @cached_property
    def _back(self) -> pl.DataFrame:
        return cancellations(self._rows)

    @cached_property
    def _matches(self) -> Sequence[Match]:
        """Over the whole file, so that they are the same for every period."""
        return list(matches(self._lines, self._back))

    @cached_property
    def _taken_back(self) -> Mapping[str, Sequence[TakenBack]]:
        """By order: what each invoice of cancellations took back of it."""
        dated = {row: (invoice, at) for row, invoice, at in self._back.select("row", "invoice", "at").iter_rows()}
        found: dict[str, dict[str, TakenBack]] = defaultdict(dict)
        for match in self._matches:
            if match.sold:
                invoice, at = dated[match.row]
                taken = found[match.sold.order_id].setdefault(invoice, TakenBack(invoice, at, {}))
                units = {**taken.units, match.sold.place: taken.units.get(match.sold.place, 0) + match.units}
                found[match.sold.order_id][invoice] = TakenBack(invoice, at, units)
        return {order_id: list(taken.values()) for order_id, taken in found.items()}

    def left_out(self) -> Sequence[Note]:
        return online_retail_notes.left_out(self._told, self.orders, self._back, self._matches)

    def made_up(self) -> Sequence[Note]:
        return online_retail_notes.made_up(self.orders, self.product_count, self._back, self._matches)


def _first_orders(lines: pl.DataFrame, limit: int | None) -> pl.DataFrame:
    if limit is None:
        return lines
    first = lines.select("placed", "order_id").unique().sort("placed", "order_id").head(limit)
    return lines.join(first, on="order_id", how="semi", maintain_order="left")
