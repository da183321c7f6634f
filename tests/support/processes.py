"""Processes of a service that tests start, kill, freeze and end: only ever their own, by pid."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from tests.support.eventually import eventually

CHECKOUT = Path(__file__).parents[2]


class Process:
    """`python -m module`, arguments behind it or not, with an HTTP port of its own and its output in a file."""

    def __init__(self, module: str, environment: Mapping[str, str], port_variable: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.AsyncClient(base_url=self.url, timeout=30)
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `end`)
        self._process = subprocess.Popen(
            [sys.executable, "-m", *module.split()],
            env={**os.environ, **environment, port_variable: str(port)},
            stdout=self._output,
            stderr=subprocess.STDOUT,
            cwd=CHECKOUT,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.poll()

    @property
    def output(self) -> str:
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    @property
    def killed(self) -> bool:
        return self.returncode == -signal.SIGKILL

    @property
    def frozen(self) -> bool:
        return psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED

    async def ready(self, within: float = 30.0) -> None:
        await eventually(self.is_ready, within=within)

    async def is_ready(self) -> bool:
        return await self._answers("/health/ready")

    async def is_live(self) -> bool:
        return await self._answers("/health/live")

    async def _answers(self, path: str) -> bool:
        if self.returncode is not None:
            raise RuntimeError(f"ended with {self.returncode}: {self.output[-3000:]}")
        with suppress(httpx.TransportError):
            return (await self.http.get(path)).is_success
        return False

    async def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        lines = (await self.http.get("/metrics")).text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + "{"))

    async def dies(self, within: float = 30.0) -> None:
        async def is_dead() -> bool:
            return self.killed

        await eventually(is_dead, within=within)

    async def freezes(self, within: float = 30.0) -> None:
        async def is_frozen() -> bool:
            return self.frozen

        await eventually(is_frozen, within=within)

    def send(self, sign: signal.Signals) -> None:
        self._process.send_signal(sign)

    async def stop(self, within: float = 20.0) -> int:
        """SIGTERM; the exit code."""
        self._process.terminate()
        return await self.ends(within)

    async def ends(self, within: float = 20.0) -> int:
        return await asyncio.to_thread(self._process.wait, within)

    async def end(self) -> None:
        """Leave nothing behind, whatever state it is in."""
        await self.http.aclose()
        try:
            if self.returncode is None:
                self._process.terminate()
                self._process.send_signal(signal.SIGCONT)
                await self.ends(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await self.ends(10)
        finally:
            self._output.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
