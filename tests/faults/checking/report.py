"""What the checker found, for people and for programs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.faults.checking.snapshot import Snapshot

NAMED = 20


@dataclass(frozen=True)
class Violation:
    """key: what it is about. events and documents: where to look."""

    key: str
    sentence: str
    events: Sequence[str] = ()
    documents: Sequence[str] = ()

    def __str__(self) -> str:
        seen = [*(f"event {event}" for event in self.events), *(f"document {name}" for name in self.documents)]
        return f"{self.key}: {self.sentence}" + (f" ({'; '.join(seen)})" if seen else "")


@dataclass
class Finding:
    """One invariant: what was compared, how many times, and where it does not hold."""

    invariant: str
    what: str
    compared: int = 0
    violations: list[Violation] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.violations

    def expect(
        self, holds: bool, key: object, sentence: str, events: Iterable[object] = (), documents: Iterable[str] = ()
    ) -> None:
        self.compared += 1
        if not holds:
            self.violations.append(Violation(str(key), sentence, [str(event) for event in events], list(documents)))


Invariant = Callable[[Snapshot, Finding], None]


@dataclass(frozen=True)
class Report:
    findings: Sequence[Finding]

    @property
    def ok(self) -> bool:
        return all(finding.holds for finding in self.findings)

    @property
    def broken(self) -> list[str]:
        return [finding.invariant for finding in self.findings if not finding.holds]

    def sentences(self) -> Iterator[str]:
        for finding in self.findings:
            count = len(finding.violations)
            outcome = f"{count:,} VIOLATED" if count else "all hold"
            yield f"{finding.invariant:<4} {finding.what}: {finding.compared:,} compared, {outcome}"
            yield from (f"       {violation}" for violation in finding.violations[:NAMED])
            if count > NAMED:
                yield f"       … and {count - NAMED:,} more"

    def as_json(self) -> dict[str, Any]:
        return {
            finding.invariant: {
                "what": finding.what,
                "compared": finding.compared,
                "violated": len(finding.violations),
                "violations": [asdict(violation) for violation in finding.violations[:NAMED]],
            }
            for finding in self.findings
        }

    def __str__(self) -> str:
        return "\n".join(self.sentences())
