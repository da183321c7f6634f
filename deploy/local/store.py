from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from deploy.local.failure import StackFailure

DATA = Path(__file__).parents[2] / ".data"
JARS = DATA / "jars"
RECORD = "store.json"
StoreName = Literal["default", "completejourney", "olist", "online-retail"]


class Store(BaseModel):
    """What a store is created with and keeps for good: amounts and days on record mean nothing in another one."""

    model_config = ConfigDict(frozen=True)

    name: StoreName
    currency: str
    timezone: str

    def __str__(self) -> str:
        return f"{self.name} ({self.currency}, {self.timezone})"


STORES: dict[StoreName, Store] = {
    store.name: store
    for store in (
        Store(name="default", currency="KRW", timezone="Asia/Seoul"),
        Store(name="completejourney", currency="USD", timezone="America/New_York"),
        Store(name="olist", currency="BRL", timezone="America/Sao_Paulo"),
        Store(name="online-retail", currency="GBP", timezone="Europe/London"),
    )
}


def is_store(directory: Path) -> bool:
    return (directory / RECORD).exists()


def open_store(directory: Path, store: Store) -> None:
    """Creates it on the first call; refuses to open it as anything else later."""
    record = directory / RECORD
    if not record.exists():
        directory.mkdir(parents=True, exist_ok=True)
        record.write_text(store.model_dump_json(indent=2))
        return
    created = Store.model_validate_json(record.read_text())
    if created != store:
        raise StackFailure(
            f"{directory} was created as store {created} and cannot be opened as {store}. "
            f"Use --store {created.name}, another --data directory, or `sellerdesk reset`."
        )
