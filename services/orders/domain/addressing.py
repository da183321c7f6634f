"""The goods go to somebody else, or somewhere else. Who and where is personal, so the event does not say."""

from services.orders.commands import ChangeRecipient
from services.orders.domain.moves import Move, illegal, permit, require
from services.orders.domain.order import Order
from shared.contracts.orders import RecipientChanged
from shared.runtime.decision import Context, Decision


def change_recipient(order: Order, message: ChangeRecipient, ctx: Context) -> Decision[Order]:
    permit(order, Move.CHANGE_RECIPIENT, ctx)
    if order.erased_at is not None:
        raise illegal(order, ctx, "its customer was erased", "recipient")
    if order.recipient == message.recipient:
        return Decision(order)
    require(order, Move.CHANGE_RECIPIENT, ctx)
    return Decision(order.model_copy(update={"recipient": message.recipient}), [RecipientChanged])
