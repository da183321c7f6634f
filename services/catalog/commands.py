"""What a person tells the catalog over HTTP, beside the `ProductSubmitted` that it shares with other systems."""

from typing import ClassVar

from pydantic import field_validator

from shared.contracts.base import Contract, Id, InboxMessage, Name, NonNegativeMoney, Text
from shared.contracts.catalog import SalePrice
from shared.contracts.inbox_catalog import CategoryPath, Images, Options, SubmittedStatus


class ProductChanges(Contract):
    """What is left out stays as it is. `options` is the whole new list; `"sale_price": null` ends the sale."""

    name: Name | None = None
    description: Text | None = None
    category: CategoryPath | None = None
    status: SubmittedStatus | None = None
    list_price: NonNegativeMoney | None = None
    sale_price: SalePrice | None = None
    options: Options | None = None
    images: Images | None = None

    @field_validator("name", "description", "category", "status", "list_price", "options", "images")
    @classmethod
    def keeps_a_value(cls, value: object) -> object:
        if value is None:
            raise ValueError("cannot be null; leave it out to keep it")
        return value


class EditProduct(InboxMessage):
    service: ClassVar[str] = "catalog"
    subject_field: ClassVar[str] = "product_id"
    product_id: Id
    changes: ProductChanges


class ProductRow(ProductChanges):
    """A product of an imported file: what it names becomes so. Options are added or changed, never taken out."""

    product_id: Id


class ImportProduct(InboxMessage):
    """Registers what is new and edits what is known, whoever edited it last."""

    service: ClassVar[str] = "catalog"
    subject_field: ClassVar[str] = "product_id"
    product_id: Id
    row: ProductRow


class RemoveProduct(InboxMessage):
    """Taken off for good; orders that have it keep what they reserved."""

    service: ClassVar[str] = "catalog"
    subject_field: ClassVar[str] = "product_id"
    product_id: Id
