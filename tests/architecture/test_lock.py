"""What is locked is locked by hash, and says nothing about where it is fetched from."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "deploy/local/kafka.lock.toml"]
HOST = re.compile(r"[a-z][a-z+]*://|--(extra-)?index-url|--find-links|\blocalhost\b|\.(com|org|net|io|dev)\b")


@pytest.mark.parametrize("lock", LOCKS)
def test_it_names_no_host(lock: str) -> None:
    assert HOST.findall((ROOT / lock).read_text(encoding="utf-8")) == []


def test_every_distribution_has_a_hash() -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text(encoding="utf-8").strip())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
