"""`sellerdesk` as a person types it."""

import os
import subprocess
import sys
from pathlib import Path

from deploy.cli import VERBS


def sellerdesk(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("sellerdesk"), *arguments],
        env={**os.environ, "COLUMNS": "120", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_verb_it_tells_them_all() -> None:
    told = sellerdesk().stdout
    assert all(f" {verb} " in told for verb in VERBS)


def test_status_of_nothing_is_one_sentence(tmp_path: Path) -> None:
    done = sellerdesk("status", "--data", tmp_path)
    assert (done.returncode, done.stderr) == (1, f"Nothing runs in {tmp_path}.\n")


def test_half_of_the_brokers_is_refused(tmp_path: Path) -> None:
    done = sellerdesk("up", "--data", tmp_path, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9", MONGODB_URI="")
    assert done.returncode == 1
    assert "Set both KAFKA_BOOTSTRAP_SERVERS and MONGODB_URI" in done.stderr


def test_reset_asks_first(tmp_path: Path) -> None:
    (tmp_path / "store.json").write_text("{}")
    done = subprocess.run(
        [Path(sys.executable).with_name("sellerdesk"), "reset", "--data", tmp_path],
        input="n\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert (tmp_path / "store.json").exists()
