"""Replies the ticket proposes to its agent, and the notes it writes itself, in the store's language."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from services.inquiries.domain.categories import FIELD_LABELS, Label
from shared.contracts.base import Contract
from shared.contracts.order_state import OrderState, Shipment


class DraftReason(StrEnum):
    MISSING_FIELDS = "missing_fields"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


class Draft(Contract):
    reason: DraftReason
    text: str


ASK = Label(
    "고객님, 안녕하세요. 문의를 확인하고 있습니다. 정확한 안내를 위해 다음 정보를 알려 주세요: {fields}.",
    "Hello, we are looking into your inquiry. To answer it we need: {fields}.",
)
SHIPPED_REPLY = Label(
    "고객님, 안녕하세요. 기다려 주셔서 감사합니다. 주문하신 상품이 출고되었습니다. {parcels} "
    "추가적인 문의가 있으시면 언제든지 말씀해 주세요!",
    "Hello, thank you for waiting. Your order is on its way. {parcels} "
    "If you have any further questions, please let us know!",
)
CANCELLED_REPLY = Label(
    "고객님, 안녕하세요. 주문 번호 {order}: 주문이 취소되어 상품이 발송되지 않습니다. "
    "추가적인 문의가 있으시면 언제든지 말씀해 주세요!",
    "Hello, order {order} was cancelled and will not be shipped. "
    "If you have any further questions, please let us know!",
)
SHIPPED_NOTE = Label("주문 {order} 출고됨. {parcels}", "Order {order} shipped. {parcels}")
CANCELLED_NOTE = Label(
    "주문 {order} 취소됨: 더 이상 출고되지 않습니다.", "Order {order} was cancelled: nothing of it will ship."
)
STRANGER_NOTE = Label(
    "주문 {order}의 상태가 바뀌었지만 다른 고객의 주문이므로 내용을 표시하지 않습니다.",
    "Order {order} moved on, but it belongs to another customer: nothing of it is shown.",
)
PARCEL = Label(
    "{day} {carrier}, 운송장 번호 {tracking_no}.", "Handed to {carrier} on {day}, tracking number {tracking_no}."
)


def ask_for(fields: Sequence[str], policy: Any) -> Draft | None:
    if not fields:
        return None
    labels = ", ".join(_in(policy, FIELD_LABELS[field]) for field in fields)
    return Draft(reason=DraftReason.MISSING_FIELDS, text=_in(policy, ASK).format(fields=labels))


def shipped_reply(order: OrderState, policy: Any) -> Draft:
    return Draft(reason=DraftReason.SHIPPED, text=_told(SHIPPED_REPLY, order, policy))


def cancelled_reply(order: OrderState, policy: Any) -> Draft:
    return Draft(reason=DraftReason.CANCELLED, text=_told(CANCELLED_REPLY, order, policy))


def shipped_note(order: OrderState, policy: Any) -> str:
    return _told(SHIPPED_NOTE, order, policy)


def cancelled_note(order: OrderState, policy: Any) -> str:
    return _told(CANCELLED_NOTE, order, policy)


def stranger_note(order: OrderState, policy: Any) -> str:
    return _told(STRANGER_NOTE, order, policy)


def _told(label: Label, order: OrderState, policy: Any) -> str:
    parcels = " ".join(_parcel(shipment, policy) for shipment in order.shipments)
    return _in(policy, label).format(order=order.order_id, parcels=parcels)


def _parcel(shipment: Shipment, policy: Any) -> str:
    day = shipment.shipped_at.astimezone(ZoneInfo(policy.store_timezone)).date()
    text = _in(policy, PARCEL)
    return text.format(day=day.isoformat(), carrier=shipment.carrier, tracking_no=shipment.tracking_no)


def _in(policy: Any, label: Label) -> str:
    return label.en if policy.language == "en" else label.ko
