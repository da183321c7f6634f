"""The bank under fault: its topics and database, its processes, its load, and what must hold once all is quiet."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from pymongo import MongoClient

from shared.contracts.base import Message
from shared.contracts.envelope import Envelope, decode
from shared.runtime.service import build_app
from tests.faults.bank_service import build
from tests.runtime.bank import AccountOpened, BankSettings, Deposited
from tests.support.eventually import eventually
from tests.support.kafka import create_topics, producer, read_all, send
from tests.support.memory import message_envelope
from tests.support.processes import Process
from tests.support.stack import Stack

Document = dict[str, Any]


class Bank:
    def __init__(self, stack: Stack, client: AIOKafkaProducer, mongo: "MongoClient[Document]") -> None:
        self.kafka = stack.kafka
        self._mongo = stack.mongo
        self.prefix = f"f{uuid4().hex[:8]}-"
        self.client = client
        self.database = mongo[f"{self.prefix}bank"]
        self.processes: list[Process] = []
        self.sent = 0
        """Records of the inbox, repeats included."""
        self.balances: Counter[str] = Counter()
        """What each account must end with."""
        self._environment = {
            "KAFKA_BOOTSTRAP_SERVERS": stack.kafka,
            "MONGODB_URI": stack.mongo,
            "TOPIC_PREFIX": self.prefix,
            "BANK_SESSION_TIMEOUT_MS": "6000",
        }

    def topic(self, name: str) -> str:
        return f"{self.prefix}bank.{name}"

    def start(self, failpoint: str = "", **settings: str) -> Process:
        environment = {**self._environment, "SELLERDESK_FAILPOINT": failpoint, **settings}
        process = Process("tests.faults.bank_service", environment, "BANK_HTTP_PORT")
        self.processes.append(process)
        return process

    @asynccontextmanager
    async def running(self, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
        """The bank inside this process, for faults that kill nobody; its HTTP client."""
        where = {"kafka_bootstrap_servers": self.kafka, "mongodb_uri": self._mongo, "topic_prefix": self.prefix}
        app = build_app(build(BankSettings(**{**where, **settings})))
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://bank") as http,
        ):
            yield http

    # -- load -------------------------------------------------------------------------------------------------

    async def tell(self, envelopes: Iterable[Envelope]) -> None:
        told = list(envelopes)
        self.sent += len(told)
        await send(self.client, self.topic("inbox"), told)

    def opening(self, count: int) -> list[Envelope]:
        self.balances.update({f"a{n}": 0 for n in range(count)})
        return [message_envelope(AccountOpened(account_id=f"a{n}", owner=f"o{n}")) for n in range(count)]

    def deposits(self, count: int, accounts: int) -> list[Envelope]:
        """Each with an id of its own, 1 to 7 each, over all accounts."""
        made = []
        for n in range(count):
            id, amount = f"a{n % accounts}", n % 7 + 1
            self.balances[id] += amount
            made.append(message_envelope(Deposited(account_id=id, amount=amount), id=uuid4().hex))
        return made

    async def load(self, chunks: int, size: int = 40, accounts: int = 20) -> None:
        """Deposits in many small chunks, each acknowledged by Kafka before the next."""
        for _ in range(chunks):
            await self.tell(self.deposits(size, accounts))

    @asynccontextmanager
    async def loaded(self) -> AsyncIterator[None]:
        """Deposits keep coming for as long as the block lasts."""
        enough = asyncio.Event()
        load = asyncio.create_task(self._load_until(enough))
        try:
            yield
        finally:
            enough.set()
            await load

    async def _load_until(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            await self.load(1)
            with suppress(TimeoutError):
                await asyncio.wait_for(enough.wait(), 0.25)

    # -- what is seen -----------------------------------------------------------------------------------------

    def counts(self, group: str = "bank") -> Counter[str]:
        """What became of the group's records."""
        counts: Counter[str] = Counter()
        for row in self.database["offsets"].find({"group": group}):
            counts.update(row.get("counts", {}))
        return counts

    async def quiet(self, *, within: float = 40.0) -> None:
        """Every record read, every event published and read by the view."""

        async def is_quiet() -> bool:
            if self.counts().total() < self.sent or self.database["outbox"].count_documents({}):
                return False
            told = sum(account["meta"]["sequence"] for account in self.database["accounts"].find())
            view = self.counts("bank.turnover.v1")
            return bool(view["applied"] + view["parked"] >= told)

        await eventually(is_quiet, within=within)

    async def events(self) -> list[Envelope]:
        records = await read_all(self.kafka, self.topic("events"))
        return [decode(record.key, record.value, record.headers) for record in records]

    # -- what must hold ---------------------------------------------------------------------------------------

    async def check(self) -> int:
        """Every deposit once, in states, events and view; how many events were published more than once."""
        accounts = {row["_id"]: row for row in self.database["accounts"].find({"owner": {"$exists": True}})}
        assert {id: row["balance"] for id, row in accounts.items()} == dict(self.balances)
        assert self.counts().total() == self.sent
        await self._check_offsets()
        first, repeats = first_occurrences(await self.events())
        assert first == {id: list(range(1, row["meta"]["sequence"] + 1)) for id, row in accounts.items()}
        views = {row["_id"]: row for row in self.database["turnovers"].find()}
        assert {id: (row["balance"], row["events"]) for id, row in views.items()} == {
            id: (row["balance"], row["meta"]["sequence"]) for id, row in accounts.items()
        }
        sums = self.database["sums"].find_one({"_id": "all"})
        assert sums is not None and sums["moved"].get("by", 0) == self.balances.total()
        assert self.database["held"].count_documents({}) == 0
        assert self.database["parked"].count_documents({}) == 0
        for process in self.processes:
            assert "Traceback" not in process.output, process.output[-5000:]
        return repeats

    async def _check_offsets(self) -> None:
        """Stored behind the last record, and never beyond."""
        records = await read_all(self.kafka, self.topic("inbox"))
        ends = {record.partition: record.offset + 1 for record in records}
        stored = {row["partition"]: row["next"] for row in self.database["offsets"].find({"group": "bank"})}
        assert {partition: next for partition, next in stored.items() if next} == ends


def first_occurrences(events: Iterable[Envelope]) -> tuple[dict[str, list[int]], int]:
    """Per account the sequences in the order in which each came first, and how many came again."""
    first: dict[str, list[int]] = defaultdict(list)
    repeats = 0
    for event in events:
        assert event.sequence is not None
        if event.sequence in first[event.subject]:
            repeats += 1
        else:
            first[event.subject].append(event.sequence)
    return dict(first), repeats


def with_own_id(message: Message) -> Envelope:
    return message_envelope(message, id=uuid4().hex)


@asynccontextmanager
async def bank_under_fault(stack: Stack, partitions: int = 4) -> AsyncIterator[Bank]:
    mongo: MongoClient[Document] = MongoClient(stack.mongo, tz_aware=True)
    async with producer(stack.kafka) as client:
        bank = Bank(stack, client, mongo)
        topics = [bank.topic(name) for name in ("inbox", "events", "rejected")]
        await create_topics(stack.kafka, topics, partitions)
        try:
            yield bank
        finally:
            for process in bank.processes:
                await process.end()
            await _delete_topics(stack.kafka, topics)
            mongo.drop_database(bank.database.name)
            mongo.close()


async def _delete_topics(servers: str, topics: list[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.delete_topics(topics)
    finally:
        await admin.close()


async def send_unparsable(bank: Bank, partition: int) -> None:
    """A record whose header's name is no UTF-8, as the Python client itself would never send it."""

    class Name(str):
        def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
            return b"\xff"

    written = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, -1, 10_000)
    written.append(0, 0, b"a0", b"{}", [(Name("x"), b"")])
    async with AIOKafkaProducer(bootstrap_servers=bank.kafka) as client:
        batch = client.create_batch()
        batch.append(key=b"a0", value=b"{}", timestamp=0)
        batch._buffer = bytes(written.build())
        await (await client.send_batch(batch, bank.topic("inbox"), partition=partition))
    bank.sent += 1
