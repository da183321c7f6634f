"""Another system tells Sellerdesk of an order and of its payment, and hears what became of them.

It uses nothing of Sellerdesk, only a Kafka client (`pip install aiokafka`):

    KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:29092 python emit.py 1001

Run it again with the same number: the messages have the same ids, so nothing happens a second time.
"""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

SERVERS = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:29092")
PREFIX = os.environ.get("TOPIC_PREFIX", "")
SOURCE = "/my-shop"


def money(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": os.environ.get("STORE_CURRENCY", "KRW")}


def record(kind: str, order_id: str, value: dict[str, Any]) -> dict[str, Any]:
    """A CloudEvent in Kafka's binary mode: attributes are headers, the key is the order, the value is JSON."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid5(NAMESPACE_URL, f"{SOURCE}/{order_id}/{kind}")),
        "ce_source": SOURCE,
        "ce_type": f"orders.{kind}.v1",
        "ce_time": datetime.now(UTC).isoformat(),
        "ce_subject": order_id,
        "content-type": "application/json",
    }
    return {
        "topic": f"{PREFIX}orders.inbox",
        "key": order_id.encode(),
        "value": json.dumps({"order_id": order_id, **value}).encode(),
        "headers": [(name, text.encode()) for name, text in headers.items()],
    }


def messages(number: str) -> list[dict[str, Any]]:
    order_id = f"shop_{number}"
    line = {"line_id": "1", "product_id": "prd_scarf", "name": "Scarf", "quantity": 2}
    amounts = {"list_amount": money(48_000), "discount_amount": money(3_000)}
    order = {"channel": "my-shop", "client_order_number": number, "currency": money(0)["currency"]}
    submitted = {**order, "lines": [{**line, **amounts}], "shipping_fee": money(2_500)}
    captured = {"payment_id": f"pay_{number}", "amount": money(47_500), "method": "CARD"}
    return [record("OrderSubmitted", order_id, submitted), record("PaymentCaptured", order_id, captured)]


async def main(number: str) -> None:
    answers = AIOKafkaConsumer(f"{PREFIX}orders.events", f"{PREFIX}orders.rejected", bootstrap_servers=SERVERS)
    async with answers, AIOKafkaProducer(bootstrap_servers=SERVERS, acks="all", enable_idempotence=True) as producer:
        await answers.seek_to_end()
        for message in messages(number):
            await producer.send_and_wait(**message)
        async with asyncio.timeout(5):
            async for answer in answers:
                if answer.key == f"shop_{number}".encode() and said_the_last_word(answer):
                    return


def said_the_last_word(answer: ConsumerRecord) -> bool:
    kind = dict(answer.headers)["ce_type"].decode().split(".")[1]
    body = json.loads(answer.value)
    print(kind, body["order"]["status"] if "order" in body else body["sentence"])
    return kind in ("OrderPaid", "CommandRejected")


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "1001"))
    except TimeoutError:
        print("No answer: told before, or Sellerdesk is not running.")
