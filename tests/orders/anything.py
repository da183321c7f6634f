"""Whatever others may tell of an order and people may ask of it, whether it fits or not."""

from datetime import timedelta

from hypothesis import strategies as st

from services.orders.commands import (
    ChangeRecipient,
    ConfirmOrder,
    ConvertToReturn,
    DecidePurchase,
    FinishExchange,
    HoldClaim,
    ReleaseClaim,
    RetryRefund,
)
from shared.contracts.catalog import StockRejected, StockReserved
from shared.contracts.inbox_orders import ClaimDecision, OrdersMessage, Recipient
from shared.contracts.order_state import HoldReason, OrderDiscount, Reason
from tests.orders.given import (
    ID,
    a_line,
    cancel,
    collected,
    decided,
    declined,
    delivered,
    exchange,
    goodwill,
    paid,
    picked_up,
    placed,
    postponed,
    refund_failed,
    refunded,
    rejected,
    replaced,
    reserved,
    sent_back,
    shipped,
    tracked,
    won,
)
from tests.support.memory import T0

N = st.sampled_from(range(1, 4))
wanted = st.none() | st.dictionaries(st.sampled_from(["1", "2"]), N, min_size=1)
known, new = st.sampled_from(range(4)), st.sampled_from(range(8))
claim_id, new_claim = known.map("clm_{}".format), new.map("clm_{}".format)
shipment_id, new_shipment = known.map("shp_{}".format), new.map("shp_{}".format)
refund_id, new_refund = known.map("rfd_{}".format), new.map("rfd_{}".format)
reasons = st.sampled_from([Reason.INTENT_CHANGED, Reason.BROKEN])
options = st.sampled_from(["default", "blue", "red"])
named = st.none() | options
decisions = st.sampled_from(ClaimDecision)
charge = st.none() | st.sampled_from([1, 500, 9_000]).map(won)
small = st.sampled_from([0, 1, 333, 3_000, 10**15])
COUPON = (OrderDiscount(code="COUPON", amount=won(999)),)
SUBMITTED = placed(a_line("1", 3, 10_000, discount=1_000), a_line("2", 2, 999), fee=3_000, discounts=COUPON)
DUE = [12_000, 12_000 - 2_700, 12_000 - 449, 1, 12_000 - 5_400 - 449]

told: st.SearchStrategy[OrdersMessage] = st.one_of(
    st.sampled_from([SUBMITTED, SUBMITTED.model_copy(update={"shipping_fee": won(1)})]),
    st.builds(lambda amount, n: paid(amount, f"pay_{n}"), st.sampled_from(DUE), known),
    st.builds(lambda n, code: declined(f"pay_{n}", code=code), known, st.sampled_from(["CARD_LIMIT", "EXPIRED"])),
    st.builds(shipped, new_shipment, wanted),
    st.builds(delivered, shipment_id),
    st.builds(tracked, st.sampled_from(["T-1", "T-2"]), shipment_id),
    st.builds(lambda n: postponed(T0 + timedelta(days=n)), N),
    st.builds(cancel, new_claim, wanted, decided=st.booleans()),
    st.builds(sent_back, new_claim, wanted, named, reason=reasons, decided=st.booleans()),
    st.builds(lambda id, n, target, option: exchange(id, {"1": n}, target, option), new_claim, N, options, named),
    st.builds(replaced, claim_id, new_shipment),
    st.builds(picked_up, claim_id, st.sampled_from(["R-1", "R-2"])),
    st.builds(collected, claim_id, st.none() | st.just({"1": (1, 1)})),
    st.builds(decided, decisions, claim_id, waive_pickup=st.booleans()),
    st.builds(goodwill, new_refund, st.dictionaries(st.sampled_from(["1", "2"]), small), small),
    st.builds(lambda id: refunded(claim_id=id), claim_id),
    st.builds(lambda id: refunded(refund_id=id), refund_id),
    st.builds(lambda id: refund_failed(claim_id=id), claim_id),
    st.builds(lambda id: refund_failed(refund_id=id), refund_id),
)
asked: st.SearchStrategy[OrdersMessage] = st.one_of(
    st.just(ConfirmOrder(order_id=ID)),
    st.just(DecidePurchase(order_id=ID)),
    st.builds(
        lambda where: ChangeRecipient(order_id=ID, recipient=Recipient(name="Hong Gildong", address=where)),
        st.sampled_from(["Jong-ro 1", "Sejong-daero 1"]),
    ),
    st.builds(shipped, new_shipment, wanted, withdraw=st.booleans()),
    st.builds(cancel, new_claim, wanted),
    st.builds(sent_back, new_claim, wanted, named, reason=reasons),
    st.builds(decided, decisions, claim_id),
    st.builds(lambda id, due: HoldClaim(order_id=ID, claim_id=id, reason=HoldReason.ETC, charge=due), claim_id, charge),
    st.builds(lambda id, ok: ReleaseClaim(order_id=ID, claim_id=id, charge_settled=ok), claim_id, st.booleans()),
    st.builds(lambda id: ConvertToReturn(order_id=ID, claim_id=id), claim_id),
    st.builds(lambda id: FinishExchange(order_id=ID, claim_id=id), claim_id),
    st.builds(lambda id: RetryRefund(order_id=ID, refund_id=id), refund_id),
)
answered: st.SearchStrategy[StockReserved | StockRejected] = st.one_of(
    st.builds(reserved, claim_id=st.none() | claim_id), st.builds(rejected, claim_id=st.none() | claim_id)
)
