"""`sellerdesk status`, for people as tables and for programs as JSON."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.failure import StackFailure
from deploy.local.options import DataOption, StoreOption, running_directory
from deploy.local.state import StackState, read_state
from deploy.local.status import ProcessStatus, ServiceStatus, Status, status_at, status_of
from deploy.target import Target

Row = dict[str, object]


def status(
    store: StoreOption = None,
    data: DataOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show processes, lag per group and partition, outbox age, held and parked records.

    Of a store elsewhere, which the environment names: all but the processes.
    """
    given = Target.from_environment()
    found = status_at(given) if given else status_of(_running(running_directory(store, data)))
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        Console().print(*_tables(found), sep="\n")


def _running(directory: Path) -> StackState:
    state = read_state(directory)
    if state and (orphans := state.left_behind()):
        names = ", ".join(part.name for part in orphans)
        raise StackFailure(f"The supervisor of {directory} is gone; {names} run; `sellerdesk down` ends them.")
    if state is None or not state.runs():
        raise StackFailure(f"Nothing runs in {directory}.")
    return state


def _tables(status: Status) -> Iterator[Table]:
    if status.processes:
        yield _table(f"Store {status.store}: {status.phase}", _process_rows(status.processes))
    yield _table("Consumers: records left per partition", _lag_rows(status.services))
    yield _table("Outbox and waiting records", _waiting_rows(status))


def _table(title: str, rows: Iterable[Row]) -> Table:
    table, rows = Table(title=title, title_justify="left"), list(rows)
    for name in rows[0] if rows else ():
        table.add_column(name, justify="right" if isinstance(rows[0][name], int) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()))
    return table


def _process_rows(processes: list[ProcessStatus]) -> Iterator[Row]:
    for process in processes:
        yield {
            "part": process.name,
            "state": process.state,
            "pid": str(process.pid),
            "up": f"{process.uptime_seconds:,.0f} s",
            "restarts": process.restarts,
            "MB": process.rss_bytes >> 20,
            "URL": process.url,
        }


def _lag_rows(services: list[ServiceStatus]) -> Iterator[Row]:
    by_topic: dict[tuple[str, str], dict[int, int | None]] = {}
    for consumer in (consumer for service in services for consumer in service.consumers):
        by_topic.setdefault((consumer.group, consumer.topic), {})[consumer.partition] = consumer.lag
    for (group, topic), lag in sorted(by_topic.items()):
        partitions = "  ".join(f"{number}:{_records(lag[number])}" for number in sorted(lag))
        known = [records for records in lag.values() if records is not None]
        total = sum(known) if len(known) == len(lag) else "?"
        yield {"group": group, "topic": topic, "lag": total, "by partition": partitions}


def _records(lag: int | None) -> str:
    return "?" if lag is None else f"{lag:,}"


def _waiting_rows(status: Status) -> Iterator[Row]:
    for service in status.services:
        yield {
            "service": service.service,
            "outbox rows": service.outbox.rows,
            "oldest": f"{service.outbox.oldest_seconds:.1f} s",
            "held": service.held,
            "parked": service.parked,
        }
    for name in status.silent:
        yield {"service": name, "outbox rows": "no answer", "oldest": "", "held": "", "parked": ""}
