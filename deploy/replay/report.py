from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.replay.source import Note, Source
from shared.contracts.envelope import Envelope
from shared.contracts.inbox_catalog import ProductSubmitted
from shared.contracts.inbox_orders import OrderSubmitted


class ReplayBar:
    """Counts products, then orders, naming the day that is being replayed."""

    def __init__(self, progress: Progress, source: Source) -> None:
        self._progress = progress
        self._products = progress.add_task("products", total=source.product_count)
        self._orders = progress.add_task("orders", total=source.order_count)

    def __call__(self, envelope: Envelope) -> None:
        if envelope.type == ProductSubmitted.wire_type():
            self._progress.advance(self._products)
        elif envelope.type == OrderSubmitted.wire_type():
            self._progress.update(self._orders, advance=1, description=f"orders of {envelope.time:%Y-%m-%d}")

    def all_sent(self) -> None:
        self._progress.add_task("until all is processed", total=None)


def bar() -> Progress:
    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def sentences(source: Source, sent: Mapping[str, int], answers: int) -> Iterator[str]:
    yield f"Sent {sum(sent.values()):,} messages"
    yield from (f"  {count:>9,} {wire_type}" for wire_type, count in sent.items())
    yield from origins(source)
    yield _outcome(answers)


def _outcome(answers: int) -> str:
    if answers == 0:
        return "Nothing changed: all of it had been sent before, and the services dropped it as known."
    return f"The services answered with {answers:,} events; what had been sent before they dropped, by its ids."


def origins(source: Source) -> Iterator[str]:
    yield "Left out of the data"
    yield from _notes(source.left_out())
    yield "Made up by us, not in the data"
    yield from _notes(source.made_up())


def _notes(notes: Sequence[Note]) -> list[str]:
    return [f"  {note.count:>9,} {note.what}: {note.why}" for note in notes] or ["  nothing"]
