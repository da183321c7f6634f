import pytest

from deploy.replay.inboxes import Inboxes
from deploy.replay.refusal import ReplayRefused


async def test_a_kafka_that_does_not_answer_is_named() -> None:
    with pytest.raises(ReplayRefused, match=r"Kafka does not answer at 127\.0\.0\.1:9"):
        async with Inboxes("127.0.0.1:9"):
            pass
