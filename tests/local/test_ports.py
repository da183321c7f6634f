import socket
from contextlib import closing

import pytest

from deploy.local.failure import StackFailure
from deploy.local.ports import default_ports, free_ports, ports_from, refuse_taken


@pytest.mark.parametrize("ports", [default_ports(), ports_from(9100), free_ports()])
def test_no_two_parts_share_a_port(ports: dict[str, int]) -> None:
    assert set(ports) == {"catalog", "orders", "inquiries", "analytics", "kafka", "controller", "mongo"}
    assert len(set(ports.values())) == len(ports)


def test_a_port_base_puts_all_parts_right_after_it() -> None:
    assert sorted(ports_from(9100).values()) == list(range(9101, 9108))


def test_a_taken_port_is_named_with_the_part_that_wanted_it() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StackFailure, match=rf"{port} \(orders\).*--port-base"):
            refuse_taken({**free_ports(), "orders": port})


def test_free_ports_are_accepted() -> None:
    refuse_taken(free_ports())
