"""`sellerdesk up | down | reset`: options in, sentences out."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local import lifecycle
from deploy.local.failure import StackFailure
from deploy.local.follow import Followed
from deploy.local.options import DataOption, StoreOption, directory_of
from deploy.local.plan import Plan, service_commands
from deploy.local.ports import BROKERS, Ports, default_ports, free_ports, ports_from
from deploy.local.state import StackState
from deploy.local.store import DATA, STORES, StoreName

console = Console(highlight=False, soft_wrap=True)


def up(
    store: Annotated[StoreName, typer.Option(help="Its currency and time zone.")] = "default",
    data: DataOption = None,
    port_base: Annotated[
        int | None, typer.Option(min=1, max=65535 - 7, help="Use the seven ports after this one.")
    ] = None,
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Use whatever ports are free.")] = False,
    attach: Annotated[bool, typer.Option("--attach", help="Stay, show the logs, stop all on Ctrl-C.")] = False,
) -> None:
    """Start Kafka, MongoDB and the four services; return when all are ready."""
    started = time.monotonic()
    plan = Plan(
        directory=directory_of(store, data),
        store=STORES[store],
        ports=_ports(port_base, free_ports),
        brokers=_given_brokers(),
        services=service_commands(),
    )
    try:
        state = lifecycle.up(plan, progress=_say_when(started))
    except lifecycle.AlreadyRuns as running:
        if attach or running.state.phase != "ready":
            raise
        console.print(f"{running} Nothing to do.")
        _print_urls(running.state)
        return
    console.print(f"Store {plan.store} is ready; its data is in {plan.directory}")
    _print_urls(state)
    if attach:
        _stay(plan.directory, state)


def down(store: StoreOption = None, data: DataOption = None) -> None:
    """Stop what `up` started; the data stays."""
    directories = [directory_of(store, data)] if store or data else lifecycle.running(DATA)
    stopped = [name for directory in directories for name in lifecycle.down(directory)]
    console.print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


def reset(
    store: Annotated[StoreName, typer.Option(help="Which store.")] = "default",
    data: DataOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a store's data: every topic, every database, every log."""
    directory = directory_of(store, data)
    if not directory.exists():
        console.print(f"{directory} does not exist.")
        return
    if not yes:
        typer.confirm(f"Delete everything in {directory}?", abort=True)
    lifecycle.reset(directory)
    console.print(f"Deleted {directory}.")


def _say_when(started: float) -> Callable[[str], None]:
    return lambda sentence: console.print(f"{time.monotonic() - started:5.1f} s  {sentence}", markup=False)


def _ports(base: int | None, free: bool) -> Ports:
    if free:
        return free_ports()
    return default_ports() if base is None else ports_from(base)


def _given_brokers() -> tuple[str, str] | None:
    match os.environ.get("KAFKA_BOOTSTRAP_SERVERS"), os.environ.get("MONGODB_URI"):
        case None | "", None | "":
            return None
        case str(kafka), str(mongo) if kafka and mongo:
            return kafka, mongo
    raise StackFailure("Set both KAFKA_BOOTSTRAP_SERVERS and MONGODB_URI to use brokers of your own, or neither.")


def _print_urls(state: StackState) -> None:
    urls = {part.name: part.url for part in state.parts if part.name not in BROKERS}
    for name, url in {**urls, "kafka": state.kafka, "mongo": state.mongo}.items():
        console.print(f"  {name:<10} {url}")


def _stay(directory: Path, state: StackState) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logs = [Followed(part.name, part.log) for part in state.parts]
    console.print("Ctrl-C stops all.")
    try:
        while state.runs():
            for log in logs:
                for line in log.new_lines():
                    console.print(f"{log.name:<10} {line}", markup=False)
            time.sleep(0.2)
        raise StackFailure(f"The supervisor ended. {directory / 'supervisor.log'} says why.")
    except KeyboardInterrupt:
        console.print("Stopping …")
    finally:
        lifecycle.down(directory)
