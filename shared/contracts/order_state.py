"""An order as the world sees it: what every event of the orders service carries whole."""

from enum import StrEnum

from shared.contracts.base import Code, Contract, Count, Currency, Id, Money, Name, NonNegativeMoney, Quantity, Utc


class OrderStatus(StrEnum):
    """Derived from the lines: the least advanced line that is still alive."""

    PAYMENT_WAITING = "PAYMENT_WAITING"
    PAYED = "PAYED"
    DELIVERING = "DELIVERING"
    DELIVERED = "DELIVERED"
    PURCHASE_DECIDED = "PURCHASE_DECIDED"
    EXCHANGED = "EXCHANGED"
    CANCELED = "CANCELED"
    RETURNED = "RETURNED"
    CANCELED_BY_NOPAYMENT = "CANCELED_BY_NOPAYMENT"


class PlaceStatus(StrEnum):
    """발주확인: whether the seller has confirmed the line."""

    NOT_YET = "NOT_YET"
    OK = "OK"


class StockStatus(StrEnum):
    PENDING = "PENDING"
    RESERVED = "RESERVED"
    REJECTED = "REJECTED"


class ClaimType(StrEnum):
    CANCEL = "CANCEL"
    RETURN = "RETURN"
    EXCHANGE = "EXCHANGE"


class ClaimStatus(StrEnum):
    CANCEL_REQUEST = "CANCEL_REQUEST"
    CANCELING = "CANCELING"
    """Said of lines: the cancel is granted and its refund not settled. The claim itself is CANCEL_DONE by then."""
    CANCEL_DONE = "CANCEL_DONE"
    CANCEL_REJECT = "CANCEL_REJECT"
    RETURN_REQUEST = "RETURN_REQUEST"
    COLLECTING = "COLLECTING"
    COLLECT_DONE = "COLLECT_DONE"
    RETURN_DONE = "RETURN_DONE"
    RETURN_REJECT = "RETURN_REJECT"
    EXCHANGE_REQUEST = "EXCHANGE_REQUEST"
    EXCHANGE_REDELIVERING = "EXCHANGE_REDELIVERING"
    EXCHANGE_DONE = "EXCHANGE_DONE"
    EXCHANGE_REJECT = "EXCHANGE_REJECT"
    WITHDRAWN = "WITHDRAWN"


class Reason(StrEnum):
    INTENT_CHANGED = "INTENT_CHANGED"
    COLOR_AND_SIZE = "COLOR_AND_SIZE"
    WRONG_ORDER = "WRONG_ORDER"
    PRODUCT_UNSATISFIED = "PRODUCT_UNSATISFIED"
    DELAYED_DELIVERY = "DELAYED_DELIVERY"
    SOLD_OUT = "SOLD_OUT"
    INCORRECT_INFO = "INCORRECT_INFO"
    DROPPED_DELIVERY = "DROPPED_DELIVERY"
    BROKEN = "BROKEN"
    WRONG_DELIVERY = "WRONG_DELIVERY"
    WRONG_OPTION = "WRONG_OPTION"
    ETC = "ETC"


class PaymentStatus(StrEnum):
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"
    """Captured but never a sale (late, double, differing amount): given back."""


class RefundKind(StrEnum):
    """The first three reverse a sale; the others give back money that never was one."""

    CANCEL = "CANCEL"
    RETURN = "RETURN"
    GOODWILL = "GOODWILL"
    LATE_PAYMENT = "LATE_PAYMENT"
    DOUBLE_PAYMENT = "DOUBLE_PAYMENT"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"


class RefundStatus(StrEnum):
    REQUESTED = "REQUESTED"
    SETTLED = "SETTLED"
    FAILED = "FAILED"


class LineState(Contract):
    """One order line. Amounts are totals for the whole quantity; counters are units."""

    line_id: Id
    product_id: Id
    option_id: Id
    name: Name
    option_name: Name | None = None
    list_amount: Money
    discount_amount: Money
    """Of the product, and the line's share of the order's discounts."""
    order_discount_amount: Money | None = None
    """That share, split by largest remainder over what the lines cost after their own discounts."""
    ordered: Quantity
    cancel_open: Count = 0
    cancelled: Count = 0
    cancelled_unpaid: Count = 0
    """Those of the cancelled units that were cancelled before payment: they were never sold, so nothing is given back.

    Units are cancelled first to last, so the sale is the line's units from this one on.
    """
    shipped: Count = 0
    delivered: Count = 0
    decided: Count = 0
    return_open: Count = 0
    returned: Count = 0
    restocked: Count = 0
    exchange_open: Count = 0
    exchanged: Count = 0
    status: OrderStatus = OrderStatus.PAYMENT_WAITING
    place_status: PlaceStatus = PlaceStatus.NOT_YET
    claim_status: ClaimStatus | None = None


class OrderDiscount(Contract):
    """Off the order as a whole, such as a coupon or points."""

    code: Code
    amount: NonNegativeMoney


class LineUnits(Contract):
    line_id: Id
    quantity: Quantity


class Payment(Contract):
    payment_id: Id
    amount: Money
    status: PaymentStatus
    method: Code | None = None
    error_code: Code | None = None
    at: Utc


class Shipment(Contract):
    shipment_id: Id
    carrier: Code
    tracking_no: Code
    lines: tuple[LineUnits, ...]
    shipped_at: Utc
    tracked_at: Utc | None = None
    """Of the correction that its tracking is from: what is dated no later changes it no more."""
    delivered_at: Utc | None = None


class DelayReason(StrEnum):
    PRODUCT_PREPARE = "PRODUCT_PREPARE"
    CUSTOMER_REQUEST = "CUSTOMER_REQUEST"
    CUSTOM_BUILD = "CUSTOM_BUILD"
    RESERVED_DISPATCH = "RESERVED_DISPATCH"
    OVERSEA_DELIVERY = "OVERSEA_DELIVERY"
    ETC = "ETC"


class Delay(Contract):
    """발송지연: a later day than promised was announced."""

    reason: DelayReason
    promised: Utc | None = None
    """What was promised before; None where nothing was yet."""
    ship_by: Utc
    announced_at: Utc


class HoldReason(StrEnum):
    """환불보류, 교환보류: what has to be settled before a return or an exchange goes on."""

    RETURN_FEE = "RETURN_FEE"
    EXTRA_FEE = "EXTRA_FEE"
    NOT_RETURNED = "NOT_RETURNED"
    ETC = "ETC"


class Hold(Contract):
    reason: HoldReason
    charge: Money | None = None
    """What the customer owes; taken off the refund unless it is settled."""
    charge_settled: bool = False
    held_at: Utc
    released_at: Utc | None = None


class Pickup(Contract):
    carrier: Code | None = None
    tracking_no: Code | None = None
    started_at: Utc
    tracked_at: Utc | None = None
    """Of the correction that its carrier and number are from."""


class ClaimLine(LineUnits):
    option_id: Id | None = None
    """What comes back: of a unit that was exchanged before, the option it was exchanged for."""
    target_option_id: Id | None = None
    """What an exchange sends in its place."""
    good: Count = 0
    """Of the units that came back: fit to be sold again."""
    damaged: Count = 0


class Claim(Contract):
    claim_id: Id
    type: ClaimType
    status: ClaimStatus
    lines: tuple[ClaimLine, ...]
    reason: Reason
    requested_at: Utc
    pickup: Pickup | None = None
    collected_at: Utc | None = None
    hold: Hold | None = None
    converted_at: Utc | None = None
    """When an exchange became this return."""
    replacement_stock: StockStatus | None = None
    replacement: Shipment | None = None
    closed_at: Utc | None = None
    refund_id: Id | None = None


class RefundLine(Contract):
    line_id: Id
    quantity: Count
    """Units that it takes off the sale, none twice: 0 for a goodwill refund that names none, and after one that did."""
    goods_amount: Money


class Refund(Contract):
    refund_id: Id
    kind: RefundKind
    reason: Code
    status: RefundStatus
    amount: Money
    """Σ goods_amount + shipping_amount − charge, or for a payment that was no sale its whole amount."""
    lines: tuple[RefundLine, ...] = ()
    shipping_amount: Money
    charge: Money | None = None
    """What the customer owed for a return, such as its shipping."""
    claim_id: Id | None = None
    payment_id: Id | None = None
    requested_at: Utc
    settled_at: Utc | None = None
    failed_at: Utc | None = None
    """Of the last answer that it failed, kept when it is tried again: what is dated no later answers no new attempt."""
    error_code: Code | None = None
    attempts: Count = 1


class OrderState(Contract):
    """The whole public state of an order. Nothing personal: the recipient stays in orders."""

    order_id: Id
    channel: Code
    client_order_number: Code | None = None
    customer_id: Id | None = None
    currency: Currency
    status: OrderStatus
    stock: StockStatus = StockStatus.PENDING
    stock_detail: Code | None = None
    lines: tuple[LineState, ...]
    discounts: tuple[OrderDiscount, ...] = ()
    """Those of the order; the lines' `discount_amount` has them already."""
    shipping_fee: Money
    total: Money
    """Σ (list − discount) + shipping fee, as ordered."""
    payments: tuple[Payment, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    claims: tuple[Claim, ...] = ()
    refunds: tuple[Refund, ...] = ()
    placed_at: Utc
    paid_at: Utc | None = None
    pay_by: Utc | None = None
    ship_by: Utc | None = None
    delays: tuple[Delay, ...] = ()
    overdue_since: Utc | None = None
    """The `ship_by` that passed with units still to send."""
    expired_at: Utc | None = None
    """When the time to pay was over."""
    decide_at: Utc | None = None
    exchanges_decided_at: Utc | None = None
    """When what exchanges sent was said to be kept too, with the last of all that is kept: nothing comes back since."""
    flags: tuple[Code, ...] = ()

    @property
    def amount_due(self) -> Money:
        """What the payment has to match: the total less what was cancelled before it was paid."""
        if all(line.cancelled_unpaid == line.ordered for line in self.lines):
            return Money(amount=0, currency=self.currency)
        never_sold = sum(
            (line.list_amount - line.discount_amount).units(0, line.cancelled_unpaid, line.ordered).amount
            for line in self.lines
            if line.cancelled_unpaid
        )
        return Money(amount=self.total.amount - never_sold, currency=self.currency)
