"""`sellerdesk` as a person types it."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from deploy.cli import VERBS
from deploy.local.follow import Followed
from tests.support.command import sellerdesk


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


def test_a_port_in_use_is_one_sentence_and_nothing_is_started(tmp_path: Path) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = sellerdesk("up", "--data", tmp_path, "--port-base", str(port - 1))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Taken by another program: port {port} (catalog). Choose others with --port-base or --free-ports.\n"
    )
    assert sellerdesk("status", "--data", tmp_path).stderr == f"Nothing runs in {tmp_path}.\n"


@pytest.mark.parametrize("base", [-1, 0, 65530])
def test_ports_that_do_not_exist_are_refused(tmp_path: Path, base: int) -> None:
    done = sellerdesk("up", "--data", tmp_path, "--port-base", str(base))
    assert done.returncode == 2
    assert "--port-base" in done.stderr


def test_reset_asks_first(tmp_path: Path) -> None:
    (tmp_path / "store.json").touch()
    assert sellerdesk("reset", "--data", tmp_path, says="n\n").returncode == 1
    assert tmp_path.exists()
    assert sellerdesk("reset", "--data", tmp_path, says="y\n").returncode == 0
    assert not tmp_path.exists()


def test_a_log_is_followed_by_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "orders.log"
    path.write_text("before\n")
    log = Followed("orders", path)
    with path.open("a") as writer:
        writer.write("one\ntwo, half")
        writer.flush()
        assert list(log.new_lines()) == ["one"]
        writer.write(" and half\n")
        writer.flush()
        assert list(log.new_lines()) == ["two, half and half"]
