"""I4, I6 and I8: sales, tickets and stock say what the events say."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

from services.analytics.buckets import Grain
from services.analytics.ledger import LedgerRow, ledger
from services.analytics.projections import LEDGER
from services.analytics.rollups import COLLECTION as ROLLUPS
from services.analytics.rollups import FIELD, tallies
from services.catalog.domain.product import Product
from services.catalog.domain.reservation import changes, lines_to_settle
from services.catalog.domain.stock import MOVEMENTS
from services.inquiries.domain.order_card import outcome
from services.inquiries.domain.timeline import COLLECTION as TIMELINE
from shared.contracts.base import Contract
from shared.contracts.catalog import ReservationState, ReservationStatus
from shared.contracts.inquiries import InquiryStatus
from shared.contracts.order_state import OrderState
from shared.runtime.decision import Document
from tests.faults.checking.report import Finding
from tests.faults.checking.snapshot import Key, Snapshot, Told
from tests.orders.invariants import broken

Shelf = tuple[str, str]
"""A product and one of its options."""


def newest_orders(snapshot: Snapshot) -> Mapping[str, tuple[Told, OrderState]]:
    """Each order as its newest event tells it."""
    found = {}
    for key, events in snapshot.told.items():
        if key.kind == "order":
            newest = max(events, key=lambda event: event.sequence)
            found[key.id] = (newest, order_of(newest))
    return found


class CarriesOrder(Contract):
    """Every event of an order, also one of a type that is new."""

    order: OrderState


def order_of(event: Told) -> OrderState:
    return CarriesOrder.model_validate_json(event.envelope.data).order


def sales_add_up(snapshot: Snapshot, finding: Finding) -> None:
    """I4"""
    zone = _zone(snapshot)
    orders = newest_orders(snapshot)
    due = {row.row_id: (id, row) for id, (_, order) in orders.items() for row in ledger(order, zone)}
    booked = {row["_id"]: _row(row) for row in snapshot.rows("analytics", LEDGER)}
    for row_id in due.keys() | booked.keys():
        id, row = due.get(row_id, (row_id.partition("/")[0], None))
        events = [orders[id][0]] if id in orders else []
        sentence = f"booked {_amounts(booked.get(row_id))}, the events say {_amounts(row)}"
        finding.expect(booked.get(row_id) == row, id, sentence, events, [f"analytics.{LEDGER}/{row_id}"])
    wanted = _summed((tally.labels, tally.add) for tally in tallies((row for _, row in due.values()), "all"))
    found = _summed((document, _paths(document)) for document in snapshot.rows("analytics", ROLLUPS))
    for where in wanted.keys() | found.keys():
        name, path = where
        sentence = f"{path}: the rollups say {found[where]:,}, the events {wanted[where]:,}"
        finding.expect(found[where] == wanted[where], name, sentence, (), [f"analytics.{ROLLUPS}/{name}"])


def _zone(snapshot: Snapshot) -> str:
    return str(next((row["timezone"] for row in snapshot.rows("analytics", "store")), "Asia/Seoul"))


def _row(document: Document) -> LedgerRow:
    return LedgerRow.model_validate({name: value for name, value in document.items() if name != "_id"})


def _amounts(row: LedgerRow | None) -> str:
    return "nothing" if row is None else f"{row.units} units, {row.net_amount:,} net, {row.shipping_amount:,} shipping"


def _summed(documents: Iterable[tuple[Document, Mapping[str, int]]]) -> Counter[tuple[str, str]]:
    """Figures by what they are of (the store, a product, in which month) and their place, over all partitions."""
    sums: Counter[tuple[str, str]] = Counter()
    for labels, figures in documents:
        name = f"{labels['scope']}:{labels['product_id'] or ''}|{labels['month']}"
        sums.update({(name, path): amount for path, amount in figures.items() if amount})
    return sums


def _paths(document: Document) -> dict[str, int]:
    return {
        f"{FIELD[grain]}.{bucket}.{figure}": amount
        for grain in Grain
        for bucket, figures in document.get(FIELD[grain], {}).items()
        for figure, amount in figures.items()
    }


def tickets_show_the_newest(snapshot: Snapshot, finding: Finding) -> None:
    """I6"""
    orders = newest_orders(snapshot)
    cards = {row["_id"]: row for row in snapshot.rows("inquiries", "order_cards")}
    for id, (newest, order) in orders.items():
        card = cards.get(id, {})
        told = OrderState.model_validate(card["order"]) if card.get("order") else None
        sentence = f"the card shows event {card.get('sequence')}, the newest is {newest.sequence}"
        same = (card.get("sequence"), told) == (newest.sequence, order)
        finding.expect(same, id, sentence, [newest], [f"inquiries.order_cards/{id}"])
    _products(snapshot, finding)
    _timelines(snapshot, finding)
    _nobody_sleeps(snapshot, finding, orders)
    _readings(snapshot, finding)


def _products(snapshot: Snapshot, finding: Finding) -> None:
    cards = {row["_id"]: row for row in snapshot.rows("inquiries", "product_cards")}
    for key, events in snapshot.told.items():
        if key.kind == "product":
            newest = max(event.sequence for event in events)
            shown = cards.get(key.id, {}).get("sequence")
            sentence = f"the card shows event {shown}, the newest is {newest}"
            finding.expect(shown == newest, key.id, sentence, events[-1:], [f"inquiries.product_cards/{key.id}"])


def _timelines(snapshot: Snapshot, finding: Finding) -> None:
    lines: dict[str, list[int]] = defaultdict(list)
    for row in snapshot.rows("inquiries", TIMELINE):
        lines[row["order_id"]].append(row["sequence"])
    known = {wire_type for table in snapshot.layout.tables["inquiries"] for wire_type in table.by_type}
    for key, events in snapshot.told.items():
        if key.kind == "order":
            due = sorted({event.sequence for event in events if event.envelope.type in known})
            sentence = f"the timeline has lines {sorted(lines[key.id])}, there are events {due}"
            finding.expect(sorted(lines[key.id]) == due, key.id, sentence, events[-1:])


def _nobody_sleeps(snapshot: Snapshot, finding: Finding, orders: Mapping[str, tuple[Told, OrderState]]) -> None:
    for row in snapshot.rows("inquiries", "inquiries"):
        if row.get("status") == InquiryStatus.WAITING_EVENT and row["order_id"] in orders:
            event, order = orders[row["order_id"]]
            sentence = f"it waits, and its order {order.order_id} is {order.status}"
            document = f"inquiries.inquiries/{row['_id']}"
            finding.expect(outcome(order) is None, row["_id"], sentence, [event], [document])


def _readings(snapshot: Snapshot, finding: Finding) -> None:
    series: dict[tuple[str, str], list[tuple[int, ...]]] = defaultdict(list)
    for reading in snapshot.readings:
        series[reading.reader, reading.what].append(reading.numbers)
    for (reader, what), seen in series.items():
        for before, after in pairwise(seen):
            forward = all(b <= a for b, a in zip(before, after, strict=True))
            finding.expect(forward, what, f"{reader} saw {before} and then {after}")


def orders_and_stock_are_possible(snapshot: Snapshot, finding: Finding) -> None:
    """I8"""
    seen: set[bytes] = set()
    for key, events in snapshot.told.items():
        for event in events if key.kind == "order" else ():
            if event.envelope.data not in seen:
                wrong = broken(order_of(event))
                finding.expect(not wrong, key.id, "; ".join(wrong), [event])
                seen.add(event.envelope.data)
    moved = _moved(snapshot)
    reserved = _reserved(snapshot)
    for shelf, (on_hand, taken) in _shelves(snapshot).items():
        name = "/".join(shelf)
        document = [f"catalog.products/{shelf[0]}"]
        sentence = f"on_hand {on_hand}, reserved {taken}; its movements sum to {moved[shelf]}"
        finding.expect((on_hand, taken) == moved[shelf], name, sentence, (), document)
        sentence = f"reserved {taken}, orders have reserved {reserved[shelf]}"
        finding.expect(taken == reserved[shelf], name, sentence, (), document)
    _reservations(snapshot, finding)


def _shelves(snapshot: Snapshot) -> dict[Shelf, tuple[int, int]]:
    products = [(key.id, stored.state) for key, stored in snapshot.stored.items() if isinstance(stored.state, Product)]
    return {(id, o.option_id): (o.on_hand, o.reserved) for id, product in products for o in product.options}


def _moved(snapshot: Snapshot) -> dict[Shelf, tuple[int, int]]:
    sums: dict[Shelf, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in snapshot.rows("catalog", MOVEMENTS):
        shelf = (row["product_id"], row["option_id"])
        on_hand, reserved = sums[shelf]
        sums[shelf] = (on_hand + row["on_hand"], reserved + row["reserved"])
    return sums


def _reserved(snapshot: Snapshot) -> Counter[Shelf]:
    sums: Counter[Shelf] = Counter()
    for _, reservation in _all_reservations(snapshot):
        for line in reservation.lines:
            sums[line.product_id, line.option_id] += line.reserved
    return sums


def _reservations(snapshot: Snapshot, finding: Finding) -> None:
    """Each follows its order: what is ordered, not cancelled and not shipped is reserved."""
    orders = newest_orders(snapshot)
    for key, reservation in _all_reservations(snapshot):
        event, order = orders.get(key.id, (None, None))
        document = [f"catalog.reservations/{key.id}"]
        if order is None:
            finding.expect(False, key.id, "stock is reserved, and no event tells of the order", (), document)
        elif reservation.status is ReservationStatus.RESERVED:
            behind = changes(reservation, lines_to_settle(reservation, order))
            sentence = f"the reservation does not follow its order: {[change[1:] for change in behind]}"
            finding.expect(not behind, key.id, sentence, [event], document)


def _all_reservations(snapshot: Snapshot) -> list[tuple[Key, ReservationState]]:
    found = [(key, stored.state) for key, stored in snapshot.stored.items() if key.kind == "reservation"]
    return [(key, state) for key, state in found if isinstance(state, ReservationState)]
