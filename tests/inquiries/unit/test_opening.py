import pytest

from services.inquiries.domain.categories import FIELD_LABELS, GROUPS, TREE, missing
from services.inquiries.repository import INQUIRY
from shared.contracts.inbox_inquiries import CustomerMessageReceived
from shared.contracts.inquiries import Category, InquiryState, InquiryStatus
from shared.runtime.decision import IllegalMove
from tests.inquiries.given import INQUIRY_ID, a_desk, a_question, an_open_ticket
from tests.support.memory import T0


def test_an_inquiry_from_a_channel_is_open_at_once() -> None:
    desk = an_open_ticket(a_desk())
    ticket = desk.state(INQUIRY, INQUIRY_ID)
    assert ticket is not None
    assert (ticket.status, ticket.created_at, ticket.missing_fields) == (InquiryStatus.NEW, T0, ())
    assert desk.event_types == ["InquiryOpened"]
    [question] = desk.rows["messages"].values()
    assert (question["author"], question["public"], question["text"]) == ("customer", True, "Where is my parcel?")


@pytest.mark.parametrize(
    ("category", "required"),
    [
        (Category.ORDER_CANCEL, ("name", "contact", "order_id")),
        (Category.ORDER_DELIVERY, ("name", "contact", "order_id")),
        (Category.ORDER_RETURN_REFUND, ("name", "contact", "order_id")),
        (Category.PRODUCT_INFO, ("product_id",)),
        (Category.PRODUCT_STOCK, ("product_id",)),
        (Category.PRODUCT_DESCRIPTION, ("product_id",)),
        (Category.PAYMENT_ERROR, ("error_information",)),
        (Category.PAYMENT_RECEIPT, ("order_id",)),
        (Category.ETC_OTHER, ("name", "contact")),
        (None, ()),
    ],
)
def test_each_sub_type_misses_what_it_requires(category: Category | None, required: tuple[str, ...]) -> None:
    desk = an_open_ticket(a_desk(), category=category, name=None, contact=None, order_id=None)
    ticket = desk.state(INQUIRY, INQUIRY_ID)
    assert ticket is not None
    assert ticket.missing_fields == required
    assert missing(category, required) == ()


def test_every_category_is_in_the_tree_and_every_required_field_has_a_label() -> None:
    assert set(TREE) == set(Category)
    assert {category.value.partition(".")[0] for category in TREE} == set(GROUPS)
    assert {field for sub in TREE.values() for field in sub.required} == set(FIELD_LABELS)


@pytest.mark.parametrize(
    ("language", "words"), [("en", ["your name", "the order number"]), ("ko", ["성함", "주문 번호", "고객님"])]
)
def test_a_request_for_what_is_missing_is_drafted_in_the_stores_language(language: str, words: list[str]) -> None:
    desk = an_open_ticket(a_desk(language=language), name=None, order_id=None)
    ticket = desk.state(INQUIRY, INQUIRY_ID)
    assert ticket is not None
    assert ticket.draft is not None
    assert ticket.draft.reason == "missing_fields"
    assert all(word in ticket.draft.text for word in words)


def test_nothing_is_drafted_when_nothing_is_missing() -> None:
    ticket = an_open_ticket(a_desk()).state(INQUIRY, INQUIRY_ID)
    assert ticket is not None
    assert ticket.draft is None


def test_the_same_inquiry_again_changes_nothing() -> None:
    desk = an_open_ticket(a_desk())
    desk.command(a_question(), INQUIRY_ID)
    ticket = desk.state(INQUIRY, INQUIRY_ID)
    assert ticket is not None
    assert ticket.messages == 1
    assert desk.event_types == ["InquiryOpened"]


def test_another_inquiry_under_the_same_id_is_refused() -> None:
    desk = an_open_ticket(a_desk())
    with pytest.raises(IllegalMove, match="exists with other content") as refusal:
        desk.command(a_question(text="Something else"), INQUIRY_ID)
    assert refusal.value.field == "inquiry_id"


def test_a_customers_message_before_its_inquiry_waits_for_it() -> None:
    desk = a_desk()
    desk.deliver(CustomerMessageReceived(inquiry_id=INQUIRY_ID, text="Hello?"))
    assert len(desk.held) == 1
    an_open_ticket(desk)
    assert desk.held == {}
    assert [row["text"] for row in desk.rows["messages"].values()] == ["Where is my parcel?", "Hello?"]
    assert desk.event_types == ["InquiryOpened", "CustomerReplied"]


def test_events_carry_neither_texts_nor_names_nor_contacts() -> None:
    desk = an_open_ticket(a_desk(), title="Late parcel", error_information="code 51")
    [opened] = desk.events
    said = opened.data.decode()
    assert not any(word in said for word in ("Kim", "010-1234", "Where", "Late parcel", "code 51"))
    assert set(InquiryState.model_fields).isdisjoint({"name", "contact", "title", "text", "draft", "messages"})
