"""Who said what: customers reopen, agents answer, bots and notes change nothing but the record."""

from functools import partial

from services.inquiries.commands import PostMessage
from services.inquiries.domain.inquiry import Inquiry
from services.inquiries.domain.message import Author, author_of
from services.inquiries.domain.moves import Move
from shared.contracts.inbox_inquiries import CustomerMessageReceived
from shared.contracts.inquiries import CustomerReplied, InquiryAnswered, InquiryReopened, InquiryStatus
from shared.runtime.decision import Context, Decision, Invalid


def customer_wrote(ticket: Inquiry, message: CustomerMessageReceived | PostMessage, ctx: Context) -> Decision[Inquiry]:
    """Whatever we were doing, we owe an answer now; but none to somebody who was erased since."""
    late = ticket.erased_since(ctx.now)
    listening = ticket if late else ticket.move(Move.HEAR_CUSTOMER)
    heard, said = listening.say(ctx, Author.CUSTOMER, message.text, public=True)
    reopens = ticket.status is InquiryStatus.RESOLVED and not late
    reopened = [partial(InquiryReopened, reason="CUSTOMER")] if reopens else []
    return Decision(heard, [CustomerReplied, *reopened], [said.row()])


def post(ticket: Inquiry, message: PostMessage, ctx: Context) -> Decision[Inquiry]:
    author = _author(message, ctx)
    if author is Author.CUSTOMER:
        return customer_wrote(ticket, message, ctx)
    if not message.public:
        return _note(ticket, author, message.text, ctx)
    return _answer(ticket, author, message.text, ctx)


def _author(message: PostMessage, ctx: Context) -> Author:
    """Nobody speaks for another, but staff may write down what a customer said."""
    actor = author_of(ctx.actor)
    author = message.author or actor
    if author is not actor and (actor, author) != (Author.AGENT, Author.CUSTOMER):
        raise Invalid(f"{ctx.actor} cannot write as {author.value}", field="author")
    if author is Author.CUSTOMER and not message.public:
        raise Invalid("a customer's message is public", field="public")
    return author


def _note(ticket: Inquiry, author: Author, text: str, ctx: Context) -> Decision[Inquiry]:
    noted, note = ticket.move(Move.NOTE).say(ctx, author, text, public=False)
    return Decision(noted, rows=[note.row()])


def _answer(ticket: Inquiry, author: Author, text: str, ctx: Context) -> Decision[Inquiry]:
    """The first response is the first public human message; what bots and the system say does not count."""
    answered = ticket
    if author is Author.AGENT:
        answered = ticket.move(Move.REPLY, first_response_at=ticket.first_response_at or ctx.now, draft=None)
    answered, reply = answered.say(ctx, author, text, public=True)
    return Decision(answered, [partial(InquiryAnswered, author_role=author.value)], [reply.row()])
