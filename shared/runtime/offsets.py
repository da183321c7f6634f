"""Where each partition of a consumer group stands: written in the transaction that applies its records."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from aiokafka import TopicPartition
from pymongo import UpdateOne

from shared.runtime.decision import Document
from shared.runtime.errors import Fenced, Paused
from shared.runtime.mongo import Database, Session
from shared.runtime.working_set import Partition


class Offsets:
    def __init__(self, database: Database, group: str) -> None:
        self._offsets = database.collection("offsets")
        self._pauses = database.collection("pauses")
        self._group = group

    def _id(self, topic: str, partition: int) -> str:
        return f"{self._group}|{topic}|{partition}"

    async def load(self, beginnings: Mapping[TopicPartition, int]) -> dict[TopicPartition, Document]:
        """The stored rows; a partition never read before starts at its beginning, whatever Kafka has committed."""
        upserts = [
            UpdateOne(
                {"_id": self._id(tp.topic, tp.partition)},
                {
                    "$setOnInsert": {
                        "group": self._group,
                        "topic": tp.topic,
                        "partition": tp.partition,
                        "next": beginning,
                    }
                },
                upsert=True,
            )
            for tp, beginning in beginnings.items()
        ]
        await self._offsets.bulk_write(upserts, ordered=False)
        ids = [self._id(tp.topic, tp.partition) for tp in beginnings]
        rows = await self._offsets.find({"_id": {"$in": ids}}).to_list(None)
        pause = await self._pauses.find_one({"_id": self._group})
        paused = {"paused": pause["paused"]} if pause else {}
        return {TopicPartition(row["topic"], row["partition"]): row | paused for row in rows}

    async def advance(
        self,
        session: Session,
        moves: Mapping[TopicPartition, tuple[int, int]],
        counts: Mapping[Partition, Counter[str]],
    ) -> None:
        """Compare-and-set from what this process knew to the offset after its batch. Raises Fenced."""
        bulk = []
        for tp, (expected, following) in moves.items():
            added = {f"counts.{what}": n for what, n in counts.get((tp.topic, tp.partition), Counter()).items()}
            update: dict[str, Any] = {"$set": {"next": following}} | ({"$inc": added} if added else {})
            matching = {
                "_id": self._id(tp.topic, tp.partition),
                "next": expected,
                "paused": {"$exists": False},
            }
            bulk.append(UpdateOne(matching, update))
        result = await self._offsets.bulk_write(bulk, ordered=False, session=session)
        if result.matched_count != len(bulk):
            raise Fenced(f"{self._group}: a partition is read by another process or paused")

    async def pause(self, reason: str, since: datetime) -> str:
        """Fence every running batch of the group, in all processes, until `resume` with the answer.

        It takes the place of a pause that is there: one that was killed cannot end its own any more. The group's own
        row comes first: a partition whose row is made later is loaded after it, and sees it.
        """
        token = uuid4().hex
        paused = {"$set": {"paused": {"reason": reason, "at": since, "token": token}}}
        await self._pauses.update_one({"_id": self._group}, paused, upsert=True)
        await self._offsets.update_many({"group": self._group}, paused)
        return token

    async def resume(self, token: str) -> None:
        """End this pause, not one that has taken its place."""
        own = {"paused.token": token}
        await self._pauses.delete_one({"_id": self._group, **own})
        await self._offsets.update_many({"group": self._group, **own}, {"$unset": {"paused": ""}})

    async def unless_paused(self, session: Session) -> None:
        """Fence a transaction that writes for the group without advancing an offset. Raises Paused.

        The row that it makes and removes is the pause's own: a pause that comes meanwhile waits for this transaction,
        or came first, and then this one conflicts and runs again.
        """
        pause = await self._pauses.find_one({"_id": self._group}, session=session)
        if pause is not None:
            since, reason = pause["paused"]["at"].isoformat(timespec="seconds"), pause["paused"]["reason"]
            raise Paused(f"{self._group} is paused since {since}: {reason}; when that has ended, try again")
        await self._pauses.insert_one({"_id": self._group}, session=session)
        await self._pauses.delete_one({"_id": self._group}, session=session)

    async def rows(self) -> list[Document]:
        rows: list[Document] = await self._offsets.find({"group": self._group}).sort("_id").to_list(None)
        return rows
