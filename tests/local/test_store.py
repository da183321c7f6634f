from pathlib import Path

import pytest

from deploy.local.failure import StackFailure
from deploy.local.store import STORES, is_store, open_store


def test_a_store_opens_again_as_what_it_was_created(tmp_path: Path) -> None:
    open_store(tmp_path / "shop", STORES["olist"])
    open_store(tmp_path / "shop", STORES["olist"])
    assert is_store(tmp_path / "shop")


def test_a_store_refuses_another_currency_and_zone(tmp_path: Path) -> None:
    open_store(tmp_path, STORES["default"])
    with pytest.raises(StackFailure, match=r"created as store default \(KRW, Asia/Seoul\)"):
        open_store(tmp_path, STORES["completejourney"])


@pytest.mark.parametrize(
    ("name", "currency", "timezone"),
    [
        ("default", "KRW", "Asia/Seoul"),
        ("completejourney", "USD", "America/New_York"),
        ("olist", "BRL", "America/Sao_Paulo"),
        ("online-retail", "GBP", "Europe/London"),
    ],
)
def test_each_store_has_its_currency_and_zone(name: str, currency: str, timezone: str) -> None:
    [store] = [store for store in STORES.values() if store.name == name]
    assert (store.currency, store.timezone) == (currency, timezone)
