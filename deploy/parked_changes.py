"""The verbs of `sellerdesk parked` that change something: of one key, or of everything that filters leave."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import httpx
import typer

from deploy.asking import (
    Answers,
    ErrorOption,
    GroupOption,
    JsonOption,
    KeyOption,
    LimitOption,
    OlderOption,
    Row,
    ServiceOption,
    TypeOption,
    ask,
    confirm,
    console,
    services,
    tell,
)
from deploy.local.options import DataOption, StoreOption
from deploy.target import target

AT_ONCE = 500
"""Records that a service takes in one request."""
STAY_PARKED = 1
GroupArgument = Annotated[str, typer.Argument(help="The consumer group, as `list` shows it.")]
KeyArgument = Annotated[str, typer.Argument(help="The record key, as `list` shows it.")]
IdsOption = Annotated[list[str] | None, typer.Option("--id", help="Only this record of the key; may be repeated.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, change nothing.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
ActorOption = Annotated[str, typer.Option("--actor", envvar="SELLERDESK_ACTOR", help="Who does it, for the audit.")]


@dataclass(frozen=True)
class Task:
    """What one request asks of a service: a key, or some of its records."""

    service: str
    group: str
    key: str
    ids: tuple[str, ...] | None = None

    @property
    def body(self) -> Row:
        return {"group": self.group, "key": self.key} | ({} if self.ids is None else {"ids": list(self.ids)})


def retry(
    group: GroupArgument,
    key: KeyArgument,
    ids: IdsOption = None,
    dry_run: DryRun = False,
    actor: ActorOption = "operator:local",
    as_json: JsonOption = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Apply a key's parked records again in their original order; exits 1 when some stay parked."""
    urls = target(store, data).urls
    _retry(urls, [_named(urls, group, key, ids)], Answers(), dry_run, actor, as_json)


def retry_all(
    service: ServiceOption = None,
    group: GroupOption = None,
    key: KeyOption = None,
    type: TypeOption = None,
    error: ErrorOption = None,
    older_than: OlderOption = None,
    limit: LimitOption = 1000,
    dry_run: DryRun = False,
    yes: YesOption = False,
    actor: ActorOption = "operator:local",
    as_json: JsonOption = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Retry every key that has such a record, each whole and in its order; says how many and asks before."""
    urls = target(store, data).urls
    wanted = {"group": group, "key": key, "type": type, "error": error, "older_than": older_than}
    found = ask(services(urls, service, group), "/ops/parked", limit, **wanted)
    tasks = list(dict.fromkeys(Task(row["service"], row["group"], row["key"]) for row in found.rows))
    if not dry_run:
        confirm(f"Retry {len(tasks)} keys, which have {len(found.rows)} such records?", yes)
    _retry(urls, tasks, found, dry_run, actor, as_json)


def drop(
    group: GroupArgument,
    key: KeyArgument,
    ids: IdsOption = None,
    dry_run: DryRun = False,
    actor: ActorOption = "operator:local",
    as_json: JsonOption = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Give a key's parked records up for good; their bytes stay in the service's audit."""
    urls = target(store, data).urls
    _drop(urls, [_named(urls, group, key, ids)], Answers(), dry_run, actor, as_json)


def drop_all(
    service: ServiceOption = None,
    group: GroupOption = None,
    key: KeyOption = None,
    type: TypeOption = None,
    error: ErrorOption = None,
    older_than: OlderOption = None,
    limit: LimitOption = 1000,
    dry_run: DryRun = False,
    yes: YesOption = False,
    actor: ActorOption = "operator:local",
    as_json: JsonOption = False,
    store: StoreOption = None,
    data: DataOption = None,
) -> None:
    """Give such records up for good, and no others of their keys; says how many and asks before."""
    urls = target(store, data).urls
    wanted = {"group": group, "key": key, "type": type, "error": error, "older_than": older_than}
    found = ask(services(urls, service, group), "/ops/parked", limit, **wanted)
    if not dry_run:
        confirm(f"Drop {len(found.rows)} records for good?", yes)
    _drop(urls, list(_by_key(found.rows)), found, dry_run, actor, as_json)


def _named(urls: Mapping[str, str], group: str, key: str, ids: list[str] | None) -> Task:
    (service,) = services(urls, None, group)
    return Task(service, group, key, tuple(ids) if ids else None)


def _by_key(rows: Iterable[Row]) -> Iterator[Task]:
    ids: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        ids.setdefault((row["service"], row["group"], row["key"]), []).append(row["id"])
    for place, some in ids.items():
        yield from (Task(*place, tuple(some[n : n + AT_ONCE])) for n in range(0, len(some), AT_ONCE))


def _retry(
    urls: Mapping[str, str], tasks: list[Task], found: Answers, dry_run: bool, actor: str, as_json: bool
) -> None:
    results = list(_each(urls, tasks, "retry", found, dry_run, actor))
    if as_json:
        print(json.dumps(results, ensure_ascii=False, indent=2))
    else:
        applied, held = (sum(len(result[what]) for result in results) for what in ("applied", "held"))
        stay = {id: sentence for result in results for id, sentence in result["still_parked"].items()}
        waits = f"{held} wait for another message; " if held else ""
        console.print(f"{'Would apply' if dry_run else 'Applied'} {applied}; {waits}{len(stay)} stay parked.")
        for id, sentence in stay.items():
            console.print(f"  {id}: {sentence}", markup=False)
        if left := sum(result["left"] for result in results):
            console.print(f"{left} more than one retry takes: run it again.")
    found.end(STAY_PARKED if any(result["still_parked"] or result["left"] for result in results) else 0)


def _drop(urls: Mapping[str, str], tasks: list[Task], found: Answers, dry_run: bool, actor: str, as_json: bool) -> None:
    results = list(_each(urls, tasks, "drop", found, dry_run, actor))
    if as_json:
        print(json.dumps(results, ensure_ascii=False, indent=2))
    else:
        console.print(f"{'Would drop' if dry_run else 'Dropped'} {sum(len(result['dropped']) for result in results)}.")
    found.end()


def _each(
    urls: Mapping[str, str], tasks: Iterable[Task], verb: str, found: Answers, dry_run: bool, actor: str
) -> Iterator[Row]:
    """One request per task; a service that does not answer is not asked again."""
    silent: set[str] = set()
    for task in tasks:
        if task.service in silent:
            continue
        url = urls[task.service]
        try:
            answer = tell(url, f"/ops/parked/{verb}", task.body | {"dry_run": dry_run}, actor)
        except httpx.HTTPError as error:
            silent.add(task.service)
            found.silent.append(f"{task.service} does not answer at {url}: {error!r}")
        else:
            yield {"service": task.service, "group": task.group, "key": task.key, **answer}
