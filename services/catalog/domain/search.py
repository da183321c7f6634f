"""How products are found by text, in Korean and English: by pairs of characters.

MongoDB's text index splits at blanks and knows no Korean, so "니트" would not find "울니트를". Every pair of characters
of every word finds it, and an index on pairs answers fast; what is found is compared with the words themselves.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from unicodedata import normalize

from services.catalog.domain.product import Product

KEPT_CHARACTERS = 300
"""Of one product's texts: with its pairs that is some 23 kB at most, and 46 MB for all that are kept."""


def normal(text: str) -> str:
    """One spelling of what looks the same: composed Hangul, half-width Latin, lower case."""
    return normalize("NFKC", text).casefold()


def search_fields(product: Product) -> dict[str, Any]:
    """The words a product is found by, and their pairs: few, because each sale writes them again with the stock."""
    texts = " ".join(_texts(product))
    words, pairs = _kept(texts) if len(texts) <= KEPT_CHARACTERS else _found_by(texts)
    return {"words": words, "pairs": pairs}


@lru_cache(maxsize=2048)
def _kept(texts: str) -> tuple[str, tuple[str, ...]]:
    """For the texts that come again and again: those of what sells."""
    return _found_by(texts)


def _found_by(texts: str) -> tuple[str, tuple[str, ...]]:
    words = normal(texts).split()
    return " ".join(words), tuple(sorted(set(_indexed(words))))


def _texts(product: Product) -> Iterator[str]:
    yield product.name
    for option in product.options:
        yield option.name or ""
        yield option.sku or ""


def _indexed(words: Iterable[str]) -> Iterator[str]:
    """The last character of a word stands alone, so that each one begins a pair."""
    return (word[at : at + 2] for word in words for at in range(len(word)))


def matching(text: str) -> list[dict[str, Any]]:
    """The conditions on `search_fields` for products that have every word of the text somewhere in their words."""
    conditions: list[dict[str, Any]] = []
    for word in normal(text).split():
        if len(word) == 1:
            conditions.append({"pairs": {"$regex": f"^{re.escape(word)}"}})
        else:
            conditions.append({"pairs": {"$all": sorted({word[at : at + 2] for at in range(len(word) - 1)})}})
        if len(word) > 2:
            conditions.append({"words": {"$regex": re.escape(word)}})
    return conditions
