"""Writes the table of moves and the ways of claims to MOVES.md: `python -m services.orders.describe`."""

from collections.abc import Iterator
from pathlib import Path

from services.orders.domain.claim_steps import REJECTED, WAY, Step
from services.orders.domain.guards import SELLER
from services.orders.domain.moves import ANYONE, OF_THE_ORDER, SHOP, STEPS, Move
from shared.contracts.order_state import ClaimStatus, ClaimType

PAGE = Path(__file__).with_name("MOVES.md")
HEAD = """# Who may do what with an order, and where
Written by `python -m services.orders.describe` from `domain/moves.py`.

The table is what a reply offers. What is told of the past is taken in more states, for it has happened: a payment, a
refund paid after all, a delay announced before the parcel left, a tracking number corrected before the parcel arrived.
*seller* is agents, too."""
WHO = {SELLER: "seller", SHOP: "seller, other systems", ANYONE: "anyone", SELLER | {"buyer"}: "seller, buyer"}


def described() -> str:
    return f"{HEAD}\n\n{_moves()}\n\n## The ways of claims\n{_claims()}\n"


def _moves() -> str:
    rows = [f"| {move} | {_who(move)} | {_when(move)} |" for move in Move]
    return "\n".join(["| move | who | where |", "| --- | --- | --- |", *rows])


def _who(move: Move) -> str:
    who = (STEPS.get(move) or OF_THE_ORDER[move])[0]
    return WHO.get(who) or ", ".join(sorted(who))


def _when(move: Move) -> str:
    if move in OF_THE_ORDER:
        return OF_THE_ORDER[move][1].__name__.replace("_", " ")
    return _where(STEPS[move][1])


def _where(step: Step) -> str:
    types = [step.type] if step.type else [type for type in ClaimType if type is not ClaimType.CANCEL]
    ways = [status for type in types for status in WAY[type] if status in step.sources]
    hold = {None: "", True: ", on hold", False: ", not on hold"}[step.held]
    reserved = ", replacement reserved" if step.reserved else ""
    return f"a claim in {', '.join(dict.fromkeys(ways))}{hold}{reserved}"


def _claims() -> str:
    return "\n".join(["```mermaid", "stateDiagram-v2", *dict.fromkeys(_arrows()), "```"])


def _arrows() -> Iterator[str]:
    for type, way in WAY.items():
        for source, target in zip(("[*]", *way), (*way, "[*]"), strict=True):
            yield f"    {source} --> {target}"
        for source in sorted(_sources(f"reject_{type}"), key=way.index):
            yield f"    {source} --> {REJECTED[type]}: reject"
        for source in sorted(_sources(f"withdraw_{type}"), key=way.index):
            yield f"    {source} --> {ClaimStatus.WITHDRAWN}: withdraw"
    for source in sorted(_sources(Move.APPROVE_RETURN), key=WAY[ClaimType.RETURN].index)[:-1]:
        yield f"    {source} --> {ClaimStatus.RETURN_DONE}: pick-up waived"
    yield f"    {ClaimStatus.EXCHANGE_REQUEST} --> {ClaimStatus.RETURN_REQUEST}: convert"


def _sources(move: str) -> list[ClaimStatus]:
    step = STEPS[Move(move.lower())][1]
    return [status for status in step.sources if step.type and status in WAY[step.type]]


if __name__ == "__main__":
    PAGE.write_text(described(), encoding="utf-8")
