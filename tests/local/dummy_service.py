"""Stands for a service in the tests of the supervisor: `python -m tests.local.dummy_service NAME [dies|stubborn]`.

It answers the two paths that the local stack asks every service, on the port that its environment names.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME, *TRAITS = sys.argv[1:]

STATUS = {
    "service": NAME,
    "consumers": [{"group": NAME, "topic": "orders.inbox", "partition": 0, "next": 5, "end": 12, "lag": 7}],
    "outbox": {"rows": 3, "oldest_seconds": 1.5},
    "held": 2,
    "parked": 1,
}


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(STATUS if self.path == "/ops/status" else {"ready": True}).encode())


def main() -> None:
    if "dies" in TRAITS:
        sys.exit("the settings of this service are wrong")
    signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in TRAITS else lambda *_: sys.exit(0))
    ThreadingHTTPServer(("127.0.0.1", int(os.environ[f"{NAME.upper()}_HTTP_PORT"])), Answers).serve_forever()


if __name__ == "__main__":
    main()
