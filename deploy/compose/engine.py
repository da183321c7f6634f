"""Docker as the machine has it: whether it can run the compose files, and what it says when it cannot."""

import asyncio
import re
import shutil
from collections.abc import Mapping

from deploy.local.failure import StackFailure
from deploy.local.ports import free_ports, is_taken

NEEDED = (2, 24, 4)
"""Compose from here on knows !override, which docker-compose.cluster.yml uses."""
PORTS = ("GATEWAY_PORT", "KAFKA_PORT", "KAFKA_PORT_2", "KAFKA_PORT_3")


async def docker(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """What the command prints; raises with the last lines it complained with."""
    process = await asyncio.create_subprocess_exec(
        "docker", *arguments, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, complaints = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    if process.returncode:
        last = "\n".join((complaints or out).decode(errors="replace").strip().splitlines()[-8:])
        raise StackFailure(f"`docker {' '.join(arguments)}` failed:\n{last}")
    return out.decode()


async def refuse_without_engine() -> str:
    """The versions, in words."""
    if shutil.which("docker") is None:
        raise StackFailure("There is no `docker` on the PATH; install an engine with compose v2, or use `make up`.")
    try:
        engine = (await docker("version", "--format", "{{.Server.Version}}")).strip()
    except StackFailure as failure:
        reason = str(failure).splitlines()[-1]
        raise StackFailure(f"No Docker engine answers; start it or name it in DOCKER_HOST. It says: {reason}") from None
    wanted = ".".join(map(str, NEEDED))
    try:
        compose = (await docker("compose", "version", "--short")).strip()
    except StackFailure:
        raise StackFailure(f"This Docker has no compose v2; install its plugin, {wanted} or later.") from None
    if version(compose) < NEEDED:
        raise StackFailure(f"This is compose {compose}; the compose files need {wanted} or later.")
    return f"engine {engine}, compose {compose}"


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def ports(environment: Mapping[str, str]) -> dict[str, str]:
    """The named ones if they are free, any free ones for the rest."""
    given = {name: environment[name] for name in PORTS if environment.get(name)}
    if wrong := [f"{name}={port}" for name, port in given.items() if not is_port(port)]:
        raise StackFailure(f"{', '.join(wrong)}: a port is a number from 1 to 65535; without one a free one is chosen.")
    if taken := {name: port for name, port in given.items() if is_taken(int(port))}:
        named = ", ".join(f"{port} ({name})" for name, port in taken.items())
        raise StackFailure(f"Taken by another program: port {named}. Name others, or none to have free ones chosen.")
    free = map(str, free_ports().values())
    return dict(zip(PORTS, free, strict=False)) | given


def is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text) < 65536
