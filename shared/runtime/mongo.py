"""The only module that knows motor: client, collections, sessions and the transaction loop.

motor is at its end of life in favour of PyMongo's async API; docs/adr says what a swap changes here, and nowhere else.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias, TypeVar

import structlog
from pymongo import IndexModel, WriteConcern
from pymongo.errors import (
    BulkWriteError,
    CollectionInvalid,
    ConnectionFailure,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern

os.environ.setdefault("MOTOR_MAX_WORKERS", "32")
"""motor's threads: five per core without it, too few for live readers beside a transaction."""
from motor.motor_asyncio import AsyncIOMotorClient  # noqa: E402

T = TypeVar("T")
Session: TypeAlias = Any
"""A driver's session; passed on as `session=` and otherwise left alone."""
Collection: TypeAlias = Any
"""A driver's collection: find, aggregate, bulk_write … as motor and PyMongo's async API both have them."""
MAJORITY = WriteConcern("majority", wtimeout=20_000)
TRANSACTION_SECONDS = 10.0
log = structlog.get_logger(__name__)


class Conflict(Exception):
    """Another process wrote what this transaction read: run it again."""


class Unavailable(Exception):
    """MongoDB did not take the transaction within its time. Nothing says that it was not committed at last."""


class Database:
    """One service's database."""

    def __init__(self, uri: str, name: str) -> None:
        self._client: Any = AsyncIOMotorClient(
            uri,
            tz_aware=True,
            retryWrites=True,
            w="majority",
            readConcernLevel="majority",
            connectTimeoutMS=3000,
            serverSelectionTimeoutMS=3000,
            maxPoolSize=32,
        )
        self._database = self._client[name]
        self._collections: dict[str, Collection] = {}
        self.name = name

    def collection(self, name: str) -> Collection:
        """Made once per name: motor takes some 0.06 ms to make one, a dozen times in each transaction."""
        known = self._collections.get(name)
        if known is None:
            known = self._collections[name] = self._database[name]
        return known

    async def ping(self) -> None:
        await self._client.admin.command("ping")

    async def create_collections(self, names: Iterable[str]) -> None:
        """Before the first transaction: one that makes a collection conflicts with every other one beside it."""
        existing = set(await self._database.list_collection_names())
        for name in sorted(set(names) - existing):
            with suppress(CollectionInvalid):
                await self._database.create_collection(name)

    async def create_indexes(self, indexes: Mapping[str, Sequence[IndexModel]]) -> None:
        for name, models in indexes.items():
            await self.collection(name).create_indexes(list(models))

    async def drop(self) -> None:
        await self._client.drop_database(self.name)

    def close(self) -> None:
        self._client.close()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Session]:
        """A session whose reads all see one moment: never a row without those committed before it."""
        async with await self._client.start_session(snapshot=True) as session:
            yield session

    async def transaction(
        self,
        body: Callable[[Session, int], Awaitable[T]],
        seconds: float = TRANSACTION_SECONDS,
        *,
        dry_run: bool = False,
    ) -> T:
        """Run `body(session, attempt)` and commit, again after a conflict, for as many seconds. A dry run aborts it.

        motor's `with_transaction` never repeats a failed commit and repeats its body without a pause, hence a loop of
        our own. What `body` raises besides conflicts goes to the caller, nothing written. Raises Unavailable.
        """
        deadline = time.monotonic() + seconds
        attempt = 0
        async with await self._client.start_session() as session:
            while True:
                try:
                    return await self._attempt(session, body, attempt, deadline, dry_run)
                except (Conflict, PyMongoError) as error:
                    if not _passing(error) or time.monotonic() > deadline:
                        raise _unavailable(error) from error
                attempt += 1
                await asyncio.sleep(random.uniform(0, min(0.5, 0.002 * 2**attempt)))

    async def _attempt(
        self,
        session: Session,
        body: Callable[[Session, int], Awaitable[T]],
        attempt: int,
        deadline: float,
        dry_run: bool,
    ) -> T:
        session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=MAJORITY)
        try:
            result = await body(session, attempt)
        except BaseException:
            await _abort(session)
            raise
        if dry_run:
            await _abort(session)
            return result
        while True:
            try:
                await session.commit_transaction()
                return result
            except PyMongoError as error:
                if not error.has_error_label("UnknownTransactionCommitResult") or time.monotonic() > deadline:
                    raise
                log.warning("commit result unknown, committing again", error=str(error))
                await asyncio.sleep(0.05)


async def _abort(session: Session) -> None:
    try:
        await session.abort_transaction()
    except PyMongoError as error:
        log.debug("abort failed; the server ends the transaction itself", error=str(error))


def _passing(error: Exception) -> bool:
    """Whether the same transaction may go through when it is run again."""
    if isinstance(error, Conflict | ConnectionFailure | DuplicateKeyError):
        return True
    if isinstance(error, BulkWriteError):
        errors = error.details.get("writeErrors", [])
        return error.has_error_label("TransientTransactionError") or any(e["code"] in (11000, 112) for e in errors)
    if isinstance(error, PyMongoError) and error.has_error_label("TransientTransactionError"):
        return True
    return infrastructure(error)


def infrastructure(error: Exception) -> bool:
    """Errors of MongoDB being away or electing, which say nothing about the message at hand."""
    if isinstance(error, Unavailable | ConnectionFailure):
        return True
    return isinstance(error, OperationFailure) and "Sessions are not supported" in str(error)


def _unavailable(error: Exception) -> Exception:
    if isinstance(error, Conflict) or _passing(error):
        return Unavailable(f"MongoDB did not take the transaction: {error}")
    return error
