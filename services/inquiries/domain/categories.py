"""The inquiry tree: what a customer may ask about, and what we must know to answer."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.contracts.inquiries import Category


@dataclass(frozen=True)
class Label:
    ko: str
    en: str


@dataclass(frozen=True)
class SubType:
    label: Label
    required: tuple[str, ...]
    """Fields of the inquiry; one that is empty is missing."""
    also_asked: tuple[str, ...] = ()


GROUPS: dict[str, Label] = {
    "order": Label("주문", "Order"),
    "product": Label("상품", "Product"),
    "payment": Label("결제", "Payment"),
    "etc": Label("기타", "Other"),
}
PERSON = ("name", "contact")
ORDER = (*PERSON, "order_id")

TREE: dict[Category, SubType] = {
    Category.ORDER_CANCEL: SubType(Label("주문 취소", "Cancellation"), ORDER, ("line", "quantity", "reason")),
    Category.ORDER_DELIVERY: SubType(Label("배송 문의", "Delivery"), ORDER, ("line",)),
    Category.ORDER_RETURN_REFUND: SubType(
        Label("반품 및 환불", "Return and refund"), ORDER, ("line", "quantity", "intent", "reason", "photos if damaged")
    ),
    Category.PRODUCT_INFO: SubType(Label("상품 정보", "Product information"), ("product_id",), ("option",)),
    Category.PRODUCT_STOCK: SubType(Label("재고 여부", "Stock"), ("product_id",), ("option", "notify me")),
    Category.PRODUCT_DESCRIPTION: SubType(
        Label("상품 설명 질문", "Product description"), ("product_id",), ("quoted passage",)
    ),
    Category.PAYMENT_ERROR: SubType(
        Label("결제 오류", "Payment error"), ("error_information",), ("order number or attempt", "time", "method")
    ),
    Category.PAYMENT_RECEIPT: SubType(Label("영수증 요청", "Receipt"), ("order_id",), ("receipt type",)),
    Category.ETC_OTHER: SubType(Label("기타 문의", "Other"), PERSON),
}

FIELD_LABELS: dict[str, Label] = {
    "name": Label("성함", "your name"),
    "contact": Label("연락처", "a phone number or e-mail address"),
    "order_id": Label("주문 번호", "the order number"),
    "product_id": Label("상품", "the product"),
    "error_information": Label("결제 오류 내용", "the error you saw"),
}


def missing(category: Category | None, known: Iterable[str]) -> tuple[str, ...]:
    """The required fields we do not know yet; none is required while nobody knows what it is about."""
    if category is None:
        return ()
    have = frozenset(known)
    return tuple(field for field in TREE[category].required if field not in have)
