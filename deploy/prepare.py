"""What fresh brokers need before a service starts, the replica set and the topics: `python -m deploy.prepare`.

MONGODB_MEMBERS names the set's members, KAFKA_BOOTSTRAP_SERVERS Kafka. Waits for both; what is there stays as it is.
"""

import asyncio
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aiokafka.errors import KafkaError
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.topics import create_topics, topics

T = TypeVar("T")
PATIENCE_SECONDS = 120
REPLICA_SET = "rs0"
ELECTION_MILLIS = 2_000
"""A primary that is gone is replaced in about 3 s; with MongoDB's own 10,000 it takes 11."""


class NotPrepared(Exception):
    """The whole sentence."""


def form_set(members: Sequence[str]) -> None:
    """Returns when the set has a primary. All members must answer the first time, a majority later."""
    if not any(_belongs_to_a_set(member) for member in members):
        with _client(members[0], "directConnection=true") as first:
            first.admin.command("replSetInitiate", _configuration(members))
    with _client(",".join(members), f"replicaSet={REPLICA_SET}") as replica_set:
        replica_set.admin.command("ping")


def _belongs_to_a_set(member: str) -> bool:
    try:
        with _client(member, "directConnection=true") as client:
            return "setName" in client.admin.command("hello")
    except PyMongoError:
        return False


def _configuration(members: Sequence[str]) -> dict[str, Any]:
    return {
        "_id": REPLICA_SET,
        "members": [{"_id": number, "host": member} for number, member in enumerate(members)],
        "settings": {"electionTimeoutMillis": ELECTION_MILLIS},
    }


def _client(hosts: str, option: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(f"mongodb://{hosts}/?{option}&serverSelectionTimeoutMS=3000&connectTimeoutMS=3000")


def until_done(what: str, step: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return step()
        except (PyMongoError, KafkaError, OSError, TimeoutError) as error:
            if time.monotonic() > deadline:
                raise NotPrepared(f"{what} was not ready within {seconds:.0f} s: {error}") from error
        time.sleep(0.5)


def main() -> None:
    parser = ArgumentParser(description="Form MongoDB's replica set and create the topics, waiting for both.")
    parser.add_argument("--replication-factor", type=int, default=1)
    replicas: int = parser.parse_args().replication_factor
    members = os.environ["MONGODB_MEMBERS"].split(",")
    kafka, wanted = os.environ["KAFKA_BOOTSTRAP_SERVERS"], topics(os.environ.get("TOPIC_PREFIX", ""))
    try:
        until_done(f"MongoDB at {', '.join(members)}", lambda: form_set(members))
        created = until_done(f"Kafka at {kafka}", lambda: asyncio.run(create_topics(kafka, wanted, replicas)))
    except (NotPrepared, RuntimeError) as failure:
        sys.exit(str(failure))
    print(f"The replica set has a primary; {len(created)} of {len(wanted)} topics were created.")


if __name__ == "__main__":
    main()
