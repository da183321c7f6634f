"""A collection of many orders, written at once: each document is one that the domain's own decisions made."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from services.orders.repository import ORDER
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_orders import (
    ClaimPart,
    ClaimSubmitted,
    DispatchDelayRequested,
    OrdersMessage,
    OrderSubmitted,
    ParcelCollected,
    PaymentCaptured,
    PickupStarted,
    ShipmentDelivered,
    ShipmentHandedOver,
)
from shared.contracts.order_state import ClaimType, DelayReason, Reason
from shared.runtime.decision import Document
from tests.benchmarks.baskets import messages, orders_core
from tests.benchmarks.one_line import told
from tests.support.memory import T0

STORY = tuple(kind.wire_type() for kind in (OrderSubmitted, PaymentCaptured, ShipmentHandedOver, ShipmentDelivered))
REACHED = (1, 2, 2, 3, *[4] * 16)
"""How many messages of its story an order was told, by its number."""
CLAIM_EVERY = 7
DAYS = 7
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
AT_ONCE = 2_000


def fill(collection: Any, orders: int) -> None:
    documents = copies(sample(), orders)
    while some := list(islice(documents, AT_ONCE)):
        collection.insert_many(some, ordered=False)


def sample() -> Sequence[Document]:
    """Orders of a real week in every state. For the first half of them all deadlines have passed."""
    core, stories = orders_core(), list(_stories().items())
    half = len(stories) // 2
    for number, (order_id, story) in enumerate(stories):
        if number == half:
            core.pass_time(T0 + 2 * A_DAY)
        core.deliver(*_told(order_id, story, number))
    return [document for ref, document in core.documents.items() if ref.kind is ORDER]


def copies(documents: Sequence[Document], orders: int) -> Iterator[Document]:
    """Each copy a week before the last one, for other customers. No timers: a service would let them fire."""
    for number in range(orders):
        copy, original = divmod(number, len(documents))
        document = documents[original]
        id = f"{document['_id']}-{copy}"
        kept = {name: part for name, part in document["meta"].items() if name not in ("timers", "fire_at")}
        yield document | {
            "_id": id,
            "order_id": id,
            "customer_id": f"{document['customer_id']}-{copy % 10}",
            "placed_at": document["placed_at"] - copy * DAYS * A_DAY,
            "meta": kept,
        }


def _stories() -> Mapping[str, list[Envelope]]:
    found: dict[str, list[Envelope]] = defaultdict(list)
    for envelope in messages(DAYS):
        if envelope.type in STORY:
            found[envelope.subject].append(envelope)
    return found


def _told(order_id: str, story: Sequence[Envelope], number: int) -> Sequence[Envelope]:
    reached = story[: REACHED[number % len(REACHED)]]
    last = reached[-1].time
    if reached[-1].type == PaymentCaptured.wire_type():
        promise = DispatchDelayRequested(order_id=order_id, ship_by=last + A_DAY, reason=DelayReason.ETC)
        return [*reached, told(promise, last + AN_HOUR)]
    if reached[-1].type == ShipmentDelivered.wire_type() and number % CLAIM_EVERY == 0:
        return [*reached, *(told(message, last + AN_HOUR) for message in _claimed(order_id, number))]
    return reached


def _claimed(order_id: str, number: int) -> Sequence[OrdersMessage]:
    """Its first unit is asked back, and may be on its way or there."""
    exchange = number % 3 == 0
    part = ClaimPart(line_id="1", quantity=1, target_option_id="other" if exchange else None)
    type = ClaimType.EXCHANGE if exchange else ClaimType.RETURN
    claim = ClaimSubmitted(order_id=order_id, claim_id="clm_1", type=type, lines=(part,), reason=Reason.WRONG_ORDER)
    way = (
        claim,
        PickupStarted(order_id=order_id, claim_id="clm_1"),
        ParcelCollected(order_id=order_id, claim_id="clm_1"),
    )
    return way[: 1 + number // CLAIM_EVERY % 3]
