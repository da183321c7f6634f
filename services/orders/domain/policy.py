"""What may differ between stores, as the domain sees it: the frozen settings of the service."""

from typing import Protocol, cast

from shared.runtime.decision import Context


class Policy(Protocol):
    @property
    def store_currency(self) -> str: ...
    @property
    def store_timezone(self) -> str: ...
    @property
    def pay_within_hours(self) -> int: ...
    @property
    def ship_within_business_days(self) -> int: ...
    @property
    def delay_within_days(self) -> int: ...
    @property
    def decide_after_days(self) -> int: ...
    @property
    def return_within_days(self) -> int: ...
    @property
    def holiday_country(self) -> str: ...


def policy(ctx: Context) -> Policy:
    return cast(Policy, ctx.policy)
