"""What the demo shows of the week."""

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from deploy.local.state import StackState
from deploy.replay.demo.desk import Asked, OrderCard, Ticket
from deploy.replay.demo.sales import Best, Report
from deploy.replay.watch import Moment
from shared.contracts.inquiries import InquiryStatus


def table(title: str, *columns: str, texts: int = 1) -> Table:
    """The first columns hold texts, the others numbers."""
    made = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for place, column in enumerate(columns):
        made.add_column(column, justify="left" if place < texts else "right", no_wrap=True)
    return made


def dollars(cents: int) -> str:
    return f"{cents / 100:,.2f}"


def ticket_lines(when: str, ticket: Ticket) -> Iterator[str]:
    yield f"  {when}, the ticket is {ticket.status}"
    if ticket.order is None:
        yield f"    {ticket.order_state}; still to ask for: {', '.join(ticket.missing_fields) or 'nothing'}"
    else:
        yield from _card_lines(ticket.order)
    yield from (f"    {said.author}{'' if said.public else ', internal'}: {said.text}" for said in ticket.messages)
    if ticket.draft:
        yield f"    proposed reply: {ticket.draft.text}"


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
    figures = ("orders", "units", "gross", "discounts", "reversals", "net")
    made = table(f"Sales by {report.grain}, USD", report.grain, *figures)
    for name, row in [*((row.bucket, row) for row in report.rows), ("all", report.total)]:
        amounts = (dollars(cents) for cents in (row.gross, row.discounts, row.reversals, row.net))
        made.add_row(name, f"{row.orders:,}", f"{row.units:,}", *amounts)
    return made


def best_table(best: Sequence[Best]) -> Table:
    made = table("Ten best products by net sales, USD", "", "product", "name", "units", "net", texts=3)
    for product in best:
        row = (str(product.rank), product.product_id, product.name or "", f"{product.units:,}", dollars(product.net))
        made.add_row(*row)
    return made


def tickets_line(tickets: Sequence[Ticket], asked: Sequence[Asked]) -> str:
    enriched = sum(ticket.order is not None for ticket in tickets)
    waited = [ticket for ticket, question in zip(tickets, asked, strict=True) if question.waited]
    woke = sum(ticket.status is not InquiryStatus.WAITING_EVENT for ticket in waited)
    return f"{len(tickets)} tickets, {enriched} enriched with their order; {len(waited)} waited for it, {woke} woke."


def rates_line(before: Moment, after: Moment, seconds: float) -> str:
    read = [("orders", "orders.inbox", "messages"), ("analytics", "orders.events", "events")]
    counts = [
        (service, after.standings[service].taken(topic) - before.standings[service].taken(topic), what)
        for service, topic, what in read
    ]
    told = (f"{service} {count:,} {what}, {count / seconds:,.0f} a second" for service, count, what in counts)
    return f"  until all services were quiet: {'; '.join(told)}"


def records_table(moment: Moment) -> Table:
    made = table("Records", "service", "read", "left", "held", "parked")
    for name, service in moment.standings.items():
        counts = (sum(service.positions.values()), service.lag, service.held, service.parked)
        made.add_row(name, *(f"{count:,}" for count in counts))
    return made


def processes_table(stack: StackState) -> Table:
    made = table("Processes", "part", "MB", "seconds of CPU", "restarts")
    for part in stack.parts:
        if process := part.identity.process():
            times = process.cpu_times()
            row = (process.memory_info().rss >> 20, round(times.user + times.system), part.restarts)
            made.add_row(part.name, *(f"{count:,}" for count in row))
    return made
