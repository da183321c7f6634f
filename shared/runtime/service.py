"""Putting a service together, and running it as a process that ends with 0 on SIGTERM."""

import asyncio
import ctypes
import gc
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from pydantic import ValidationError
from pymongo import IndexModel

from shared.runtime import operations, problems
from shared.runtime.decision import Kind
from shared.runtime.handlers import Handlers
from shared.runtime.service_runtime import MISCONFIGURED, ServiceRuntime
from shared.runtime.settings import ServiceSettings
from shared.runtime.telemetry import configure_logging

S = TypeVar("S", bound=ServiceSettings)
KEEP_ALIVE_SECONDS = 75
"""Longer than any client or proxy keeps a connection it does not use: who closes first must not be the service."""
M_ARENA_MAX = -8
"""A parameter's number in glibc's <malloc.h>; other C libraries have no `mallopt`, or take none of it."""
ARENAS = 2
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Service:
    """The parts a service is made of. Each `app.py` builds one, and nothing else does."""

    name: str
    settings: ServiceSettings
    tables: Sequence[Handlers]
    kinds: Sequence[Kind[Any]]
    routers: Sequence[APIRouter] = ()
    indexes: Mapping[str, Sequence[IndexModel]] = field(default_factory=dict)


def build_app(service: Service) -> FastAPI:
    """The HTTP application; its lifespan runs the consumers, the relay and the timers."""
    runtime = ServiceRuntime(service.name, service.settings, service.tables, service.kinds, service.indexes)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with runtime.running():
            yield

    app = FastAPI(
        title=f"Sellerdesk {service.name}",
        version="1",
        servers=[{"url": "."}],  # beside the document itself, whatever prefix a gateway gave it
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.runtime = runtime
    problems.install(app)
    for router in (*service.routers, operations.router):
        app.include_router(router)
    return app


def run(build: Callable[[S], Service], settings: type[S]) -> None:
    """Serve until SIGTERM or SIGINT, then stop in order.

    Exits 78 when the environment is wrong or does not fit the store, 70 when a stuck consumer could not be started
    anew.
    """
    try:
        service = build(settings())
    except ValidationError as error:
        sys.exit(_refused(settings, error))
    configure_logging(service.name, service.settings.log_format)
    _collect_garbage_rarely()
    _share_arenas()
    sys.exit(uvloop.run(_serve(service)))


def _refused(settings: type[ServiceSettings], error: ValidationError) -> int:
    """Say which variables are wrong; the exit code."""
    prefix = settings.model_config["env_prefix"]
    for fault in error.errors():
        name = str(fault["loc"][0]) if fault["loc"] else settings.__name__
        variable = f"{prefix}{name.upper()}" if name in settings.model_fields else name
        print(f"{variable}: {fault['msg']}", file=sys.stderr)
    return MISCONFIGURED


def _collect_garbage_rarely() -> None:
    """A batch makes hundreds of thousands of short-lived objects without cycles: by default a third of a service's
    time on real baskets goes into walking them."""
    gc.freeze()
    gc.set_threshold(200_000, 10, 20)


def _share_arenas() -> None:
    """glibc makes an arena for every thread of the driver, and each keeps what a batch of wide documents once took."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


async def _serve(service: Service) -> int:
    app = build_app(service)
    runtime: ServiceRuntime = app.state.runtime
    config = uvicorn.Config(
        app,
        host=service.settings.http_host,
        port=service.settings.http_port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        lifespan="on",
    )
    server = _Server(config)

    def end() -> None:
        """Live readers are answered before uvicorn waits for them."""
        runtime.leave()
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, end)
    watch = asyncio.create_task(_end_when_fatal(runtime, server))
    await server.serve()
    watch.cancel()
    log.info("stopped", service=service.name)
    return runtime.exit_code


async def _end_when_fatal(runtime: ServiceRuntime, server: uvicorn.Server) -> None:
    await runtime.hopeless.wait()
    server.should_exit = True


class _Server(uvicorn.Server):
    """uvicorn raises a signal again after its graceful end, so that the process would end with 143."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
