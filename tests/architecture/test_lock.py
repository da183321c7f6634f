"""What is locked is locked by hash, and says nothing about where it is fetched from."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON_LOCKS = ["requirements.lock", "requirements-service.lock"]
LOCKS = [*PYTHON_LOCKS, "deploy/local/kafka.lock.toml"]
HOST = re.compile(r"[a-z][a-z+]*://|--(extra-)?index-url|--find-links|\blocalhost\b|\.(com|org|net|io|dev)\b")


@pytest.mark.parametrize("lock", LOCKS)
def test_it_names_no_host(lock: str) -> None:
    assert HOST.findall((ROOT / lock).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("lock", PYTHON_LOCKS)
def test_every_distribution_has_a_hash(lock: str) -> None:
    assert [entry.splitlines()[0] for entry in entries(lock) if "--hash=sha256:" not in entry] == []


def test_a_service_in_its_image_has_what_it_was_tested_with() -> None:
    assert set(entries("requirements-service.lock")) <= set(entries("requirements.lock"))


def entries(lock: str) -> list[str]:
    return re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8").strip())
