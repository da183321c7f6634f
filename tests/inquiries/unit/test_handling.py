import pytest

from services.inquiries.commands import AmendInquiry, AssignInquiry, ReopenInquiry, ResolveInquiry, WaitForOrder
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.repository import INQUIRY
from shared.contracts.inbox_inquiries import InquiriesMessage
from shared.contracts.inquiries import Category, InquiryStatus, OrderMoment
from shared.runtime.decision import IllegalMove
from shared.runtime.revision import PreconditionRequired, StaleRevision
from tests.inquiries.given import INQUIRY_ID, a_desk, an_open_ticket
from tests.support.memory import T0, MemoryRuntime


def do(desk: MemoryRuntime, message: InquiriesMessage, if_match: int | None = None) -> Inquiry:
    ticket = desk.command(message, INQUIRY_ID, "agent:lee", if_match=if_match).get(INQUIRY, INQUIRY_ID)
    assert ticket is not None
    return ticket


def amend(desk: MemoryRuntime, **fields: object) -> Inquiry:
    message = AmendInquiry.model_validate({"inquiry_id": INQUIRY_ID, **fields})
    return do(desk, message, if_match=desk.stored(INQUIRY, INQUIRY_ID).revision)


def test_taking_a_new_inquiry_opens_it() -> None:
    desk = an_open_ticket(a_desk())
    ticket = do(desk, AssignInquiry(inquiry_id=INQUIRY_ID, assignee="agent:lee"))
    assert (ticket.status, ticket.assignee) == (InquiryStatus.OPEN, "agent:lee")
    assert desk.event_types[-1] == "InquiryAssigned"


def test_giving_it_to_whoever_has_it_changes_nothing() -> None:
    desk = an_open_ticket(a_desk())
    for _ in range(2):
        do(desk, AssignInquiry(inquiry_id=INQUIRY_ID, assignee="agent:lee"))
    assert desk.event_types == ["InquiryOpened", "InquiryAssigned"]


def test_an_inquiry_can_be_given_back_to_the_team() -> None:
    desk = an_open_ticket(a_desk())
    do(desk, AssignInquiry(inquiry_id=INQUIRY_ID, assignee="agent:lee"))
    assert do(desk, AssignInquiry(inquiry_id=INQUIRY_ID, assignee=None)).assignee is None


def test_resolving_dates_it_and_reopening_counts_it() -> None:
    desk = an_open_ticket(a_desk(), order_id=None)
    resolved = do(desk, ResolveInquiry(inquiry_id=INQUIRY_ID))
    assert (resolved.status, resolved.resolved_at, resolved.draft) == (InquiryStatus.RESOLVED, T0, None)
    reopened = do(desk, ReopenInquiry(inquiry_id=INQUIRY_ID))
    assert (reopened.status, reopened.resolved_at, reopened.reopen_count) == (InquiryStatus.OPEN, None, 1)
    assert desk.event_types == ["InquiryOpened", "InquiryResolved", "InquiryReopened"]


def test_a_refused_move_names_the_allowed_ones() -> None:
    desk = an_open_ticket(a_desk())
    do(desk, ResolveInquiry(inquiry_id=INQUIRY_ID))
    with pytest.raises(IllegalMove, match="resolve is not possible") as refusal:
        do(desk, ResolveInquiry(inquiry_id=INQUIRY_ID))
    assert refusal.value.allowed == ("reply", "note", "amend", "reopen")


def test_information_that_comes_later_is_missing_no_longer() -> None:
    desk = an_open_ticket(a_desk(), order_id=None, contact=None)
    assert amend(desk, contact="kim@example.com").missing_fields == ("order_id",)
    ticket = amend(desk, order_id="ord_9")
    assert (ticket.missing_fields, ticket.draft) == ((), None)
    assert b'"missing_fields":[]' in desk.events[-1].data


def test_what_is_missing_follows_the_category() -> None:
    desk = an_open_ticket(a_desk())
    ticket = amend(desk, category="product.stock")
    assert (ticket.category, ticket.missing_fields) == (Category.PRODUCT_STOCK, ("product_id",))
    assert ticket.draft is not None
    assert desk.event_types[-1] == "InquiryCategorised"


def test_an_amendment_tells_the_names_of_the_fields_and_no_values() -> None:
    desk = an_open_ticket(a_desk())
    amend(desk, title="Broken mug", contact="kim@example.com", category="order.cancel")
    assert desk.event_types[-2:] == ["InquiryCategorised", "InquiryAmended"]
    assert b'"fields":["contact","title"]' in desk.events[-1].data
    assert b"Broken mug" not in desk.events[-1].data


def test_null_removes_and_what_is_not_given_stays() -> None:
    desk = an_open_ticket(a_desk())
    ticket = amend(desk, order_id=None)
    assert (ticket.order_id, ticket.name) == (None, "Kim")
    assert ticket.missing_fields == ("order_id",)


def test_an_amendment_that_changes_nothing_is_none() -> None:
    desk = an_open_ticket(a_desk())
    amend(desk, name="Kim")
    assert desk.stored(INQUIRY, INQUIRY_ID).revision == 0
    assert desk.event_types == ["InquiryOpened"]


def test_an_amendment_needs_the_revision_it_was_made_from() -> None:
    desk = an_open_ticket(a_desk())
    amend(desk, title="First")
    second = AmendInquiry(inquiry_id=INQUIRY_ID, title="Second")
    with pytest.raises(StaleRevision):
        do(desk, second, if_match=0)
    with pytest.raises(PreconditionRequired):
        do(desk, second)
    assert do(desk, second, if_match=1).title == "Second"


def test_a_waiting_inquiry_keeps_its_order() -> None:
    desk = an_open_ticket(a_desk())
    do(desk, WaitForOrder(inquiry_id=INQUIRY_ID, moment=OrderMoment.SHIPPED))
    with pytest.raises(IllegalMove, match="waits for order ord_1") as refusal:
        amend(desk, order_id="ord_2")
    assert refusal.value.field == "order_id"
