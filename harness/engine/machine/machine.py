"""Facts about this machine: hardware, installed versions, free memory."""

import os
import platform
import sys
import time
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from harness.engine.machine import cgroup, conditions
from harness.engine.machine.gpus import get_gpus
from harness.plan.plan import usable_cores
from harness.worker import libraries

_STAT = Path("/proc/self/stat")
_STARTED = 19
"""Index, after the name, of the field with a process's start time, in clock ticks since boot (`man proc`)."""


def facts() -> dict[str, Any]:
    """What decides how fast a program runs here, and how well that can be measured. Takes under half a second."""
    limit = cgroup.memory_limit()
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _read_processor(),
        "cores": len(usable_cores()),
        "memory_bytes": min(psutil.virtual_memory().total, limit or sys.maxsize),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "memory_free_bytes": free_memory_bytes(),
        "memory_limit_bytes": limit,
        **conditions.now(),
        **({"gpus": found} if (found := get_gpus().describe()) else {}),
    }


def versions() -> dict[str, str]:
    """The installed versions of Python, harness and the numerical libraries, found without importing them."""
    found = {"python": platform.python_version()}
    with suppress(metadata.PackageNotFoundError):
        found["pinn-harness"] = metadata.version("pinn-harness")
    return found | libraries.installed()


def seconds_since_start() -> float:
    """Seconds since this process started, its imports included. Based on clocks that cannot be set meanwhile."""
    age, then = _measure_age_once()
    return age + time.monotonic() - then


@cache
def _measure_age_once() -> tuple[float, float]:
    """The age of this process at the first call, and the monotonic clock at that moment, both in seconds."""
    then = time.monotonic()
    with suppress(OSError, AttributeError, ValueError):  # not on Linux
        ticks = int(_STAT.read_text().rpartition(")")[2].split()[_STARTED])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"), then
    return time.time() - float(psutil.Process().create_time()), then


def free_memory_bytes() -> int:
    """Bytes that a new process could use without swapping or killing another, within the container's limit."""
    free = int(psutil.virtual_memory().available)
    limit = cgroup.memory_limit()
    return free if limit is None else min(free, limit - cgroup.memory_used())


def _read_processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
