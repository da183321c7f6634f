"""A service that is told what cannot be does not start, and says which variable it was."""

import os
import subprocess
import sys

import pytest
from pydantic import ValidationError

from tests.runtime.bank import BankSettings


@pytest.mark.parametrize("zone", ["Asia/Seol", "Asia", "", ".", "../Seoul", "/etc/localtime", "\udc80", "a" * 5000])
def test_a_zone_that_is_none_is_refused_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("STORE_TIMEZONE", zone)
    with pytest.raises(ValidationError, match=r"STORE_TIMEZONE\n.* is no time zone; write one as the IANA does"):
        BankSettings()


@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+9"])
def test_a_zone_that_is_one_is_taken(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("STORE_TIMEZONE", zone)
    assert BankSettings().store_timezone == zone


@pytest.mark.parametrize("name", ["max_records", "max_parked", "max_parked_per_key", "outbox_limit"])
def test_a_bound_under_which_nothing_would_be_done_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"BANK_{name.upper()}", "0")
    with pytest.raises(ValidationError, match=f"{name}\n.*greater than or equal to 1"):
        BankSettings()


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "BANK_MAX_RECORDS",
            "none",
            "BANK_MAX_RECORDS: Input should be a valid integer, ",
        ),
        ("STORE_TIMEZONE", "Asia/Seol", "STORE_TIMEZONE: Value error, 'Asia/Seol' is no time zone"),
    ],
)
def test_a_service_with_a_wrong_variable_ends_with_one_sentence(variable: str, value: str, sentence: str) -> None:
    command = [sys.executable, "-m", "tests.faults.bank_service"]
    environment = {**os.environ, variable: value}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith(sentence) and done.stderr.count("\n") == 1
