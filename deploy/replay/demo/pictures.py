"""What the demo shows of the week."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from deploy.replay.demo.desk import Asked, OrderCard, Ticket
from deploy.replay.demo.sales import Best, Report
from deploy.replay.watch import Moment
from shared.contracts.inquiries import InquiryStatus


def dollars(cents: int) -> str:
    return f"{cents / 100:,.2f}"


def ticket_lines(when: str, ticket: Ticket) -> Iterator[str]:
    yield f"  {when}, the ticket is {ticket.status}"
    if ticket.order is None:
        yield f"    {ticket.order_state}; still to ask for: {', '.join(ticket.missing_fields) or 'nothing'}"
    else:
        yield from _card_lines(ticket.order)
    yield from (f"    {said.author}{'' if said.public else ', internal'}: {said.text}" for said in ticket.messages)


def _card_lines(card: OrderCard) -> Iterator[str]:
    order = card.state
    amount = f"{dollars(order.total.amount)} {order.currency}"
    yield f"    order {order.order_id}: {order.status}, stock {order.stock}, {len(order.lines)} lines, {amount}"
    yield f"    as of {card.as_of:%Y-%m-%d %H:%M} UTC, from its event no. {card.sequence}"
    for parcel in order.shipments:
        arrived = f", delivered {parcel.delivered_at:%m-%d %H:%M}" if parcel.delivered_at else ""
        yield f"    parcel {parcel.tracking_no} shipped {parcel.shipped_at:%m-%d %H:%M}{arrived}"
    yield "    timeline: " + ", ".join(f"{line.occurred_at:%m-%d %H:%M} {line.type}" for line in card.timeline[::-1])


def sales_table(report: Report) -> Table:
    table = Table(title=f"Sales by {report.grain}, USD", title_justify="left")
    table.add_column(report.grain)
    for name in ("orders", "units", "gross", "discounts", "reversals", "net"):
        table.add_column(name, justify="right")
    for name, row in [*((row.bucket, row) for row in report.rows), ("all", report.total)]:
        amounts = (dollars(cents) for cents in (row.gross, row.discounts, row.reversals, row.net))
        table.add_row(name, f"{row.orders:,}", f"{row.units:,}", *amounts)
    return table


def best_table(best: Sequence[Best]) -> Table:
    table = Table("", "product", "name", title="Ten best products by net sales, USD", title_justify="left")
    for name in ("units", "net"):
        table.add_column(name, justify="right")
    for product in best:
        row = (str(product.rank), product.product_id, product.name or "", f"{product.units:,}", dollars(product.net))
        table.add_row(*row)
    return table


def tickets_line(tickets: Sequence[Ticket], asked: Sequence[Asked]) -> str:
    enriched = sum(ticket.order is not None for ticket in tickets)
    waited = [ticket for ticket, question in zip(tickets, asked, strict=True) if question.waited]
    woke = sum(ticket.status is not InquiryStatus.WAITING_EVENT for ticket in waited)
    return f"{len(tickets)} tickets, {enriched} enriched with their order; {len(waited)} waited for it, {woke} woke."


def records_table(moment: Moment) -> Table:
    table = Table("service", title="Records", title_justify="left")
    for name in ("read", "left", "held", "parked"):
        table.add_column(name, justify="right")
    for name, service in moment.standings.items():
        counts = (sum(service.positions.values()), service.lag, service.held, service.parked)
        table.add_row(name, *(f"{count:,}" for count in counts))
    return table
