"""The orders service with a bug in the payment of one order: `python -m tests.faults.matrix.buggy`."""

import runpy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.orders.handlers import TABLE
from shared.contracts.inbox_orders import PaymentCaptured
from shared.runtime.decision import Context, Decision, Documents, Ref

BUGGY_ORDER = "ord_buggy"


def plant() -> None:
    wire_type = PaymentCaptured.wire_type()
    sound = TABLE.by_type[wire_type]

    def answer(docs: Documents, message: PaymentCaptured, ctx: Context) -> Mapping[Ref, Decision[Any]]:
        if message.order_id == BUGGY_ORDER:
            raise ZeroDivisionError("a bug")
        return sound.answer(docs, message, ctx)

    TABLE.by_type[wire_type] = replace(sound, answer=answer)


if __name__ == "__main__":
    plant()
    runpy.run_module("services.orders.app", run_name="__main__")
