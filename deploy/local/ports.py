import socket
from contextlib import ExitStack, closing

from deploy.local.failure import StackFailure

SERVICES = ("catalog", "orders", "inquiries", "analytics")
BROKERS = ("kafka", "controller", "mongo")
REPLICA_SET = "rs0"

Ports = dict[str, int]
"""Part → TCP port on the loopback interface; `controller` is the second listener of Kafka."""


def default_ports() -> Ports:
    services = {name: 8101 + index for index, name in enumerate(SERVICES)}
    return services | {"kafka": 29092, "controller": 29093, "mongo": 27117}


def ports_from(base: int) -> Ports:
    return {name: base + 1 + index for index, name in enumerate((*SERVICES, *BROKERS))}


def free_ports() -> Ports:
    """All are held open until the last is chosen, so that they differ."""
    with ExitStack() as held:
        sockets = {name: held.enter_context(closing(socket.socket())) for name in (*SERVICES, *BROKERS)}
        for listener in sockets.values():
            listener.bind(("127.0.0.1", 0))
        return {name: listener.getsockname()[1] for name, listener in sockets.items()}


def refuse_taken(ports: Ports) -> None:
    if taken := {name: port for name, port in ports.items() if is_taken(port)}:
        named = ", ".join(f"{port} ({name})" for name, port in taken.items())
        raise StackFailure(f"Taken by another program: port {named}. Choose others with --port-base or --free-ports.")


def is_taken(port: int) -> bool:
    with closing(socket.socket()) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def mongo_uri(port: int) -> str:
    return f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}"
