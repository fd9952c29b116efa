"""What decides whether this machine is fit to measure on, now: who shares its cores, and what sets their speed.

What cannot be read is None, never guessed.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from harness.engine.machine import cgroup
from harness.plan.plan import usable_cores
from harness.worker import frameworks

SAMPLE_SECONDS = 0.2
"""How long it watches what others do. The kernel counts in hundredths of a second on each core."""
ENVIRONMENT = (
    *frameworks.thread_variables(),
    *("OMP_DYNAMIC", "OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY", "KMP_BLOCKTIME"),
)
"""The variables that decide how many threads a numerical library runs, and where."""
_CPUS = Path("/sys/devices/system/cpu")
_CPUINFO = Path("/proc/cpuinfo")
_OURS = {"harness.worker.worker", "harness.worker.fork_server"}
"""Modules in the command lines of arms, and of what these are forked from."""


def now() -> dict[str, Any]:
    """The conditions at this moment, while nothing of ours computes. Takes `SAMPLE_SECONDS`, and little more."""
    cores = usable_cores()
    return {
        "cores_online": os.cpu_count(),
        "threads_per_core": threads_per_core(cores),
        "governor": governor(cores),
        "turbo": turbo(),
        "busy_elsewhere": busy_elsewhere(cores),
        "stolen": stolen(),
        "virtual": virtual(),
        "quota_cores": cgroup.cores_allowed(),
        "throttled": cgroup.throttled(),
        "swap_used_bytes": swap_used_bytes(),
        "environment": {name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
        "frameworks": frameworks.build_facts(),
        "framework_settings": {name: os.environ[name] for name in frameworks.result_variables() if name in os.environ},
        "other_runs": other_runs(),
    }


def threads_per_core(cores: Sequence[int]) -> int | None:
    """How many of the machine's processors are hyper-threads of one core, at most."""
    siblings = [_read(_CPUS / f"cpu{core}/topology/thread_siblings_list") for core in cores]
    with suppress(ValueError):
        return max((_count(text) for text in siblings if text), default=None)
    return None


def governor(cores: Sequence[int]) -> str | None:
    """What sets the clock's frequency, such as `performance` or `powersave`; all, where the cores differ in it."""
    found = {_read(_CPUS / f"cpu{core}/cpufreq/scaling_governor") for core in cores} - {None}
    return ", ".join(sorted(filter(None, found))) or None


def turbo() -> bool | None:
    """Whether the clock may go beyond what it can keep up."""
    intel, others = _read(_CPUS / "intel_pstate/no_turbo"), _read(_CPUS / "cpufreq/boost")
    if intel in ("0", "1"):
        return intel == "0"
    return others == "1" if others in ("0", "1") else None


def busy_elsewhere(cores: Sequence[int]) -> float | None:
    """The share of these cores' time that others take now: programs here or, beneath a virtual machine, its host."""
    before, own = _spent(cores), _own_seconds()
    time.sleep(SAMPLE_SECONDS)
    after = _spent(cores)
    total = after[0] - before[0]
    if total <= 0:
        return None
    busy = after[1] - before[1] - (_own_seconds() - own)
    return round(min(max(busy / total, 0.0), 1.0), 3)


def stolen() -> float | None:
    """Of the time that this machine has wanted to compute since it started, the share that its host withheld."""
    times = psutil.cpu_times()
    if not hasattr(times, "steal"):
        return None
    wanted = sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq", "steal"))
    return round(times.steal / wanted, 5) if wanted else None


def virtual() -> bool | None:
    """Whether this is a virtual machine, as its processor says."""
    for line in (_read(_CPUINFO) or "").splitlines():
        if line.startswith("flags"):
            return "hypervisor" in line.split()
    return None


def swap_used_bytes() -> int | None:
    try:
        return int(psutil.swap_memory().used)
    except (OSError, RuntimeError):
        return None


def other_runs() -> list[int]:
    """The processes that run another harness on this machine, and have arms alive. Other containers' are not seen."""
    parents = dict(_arms_and_parents())
    return sorted(set(parents.values()) - parents.keys() - {os.getpid()})


def _arms_and_parents() -> Iterator[tuple[int, int]]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # it has ended meanwhile, or is nobody else's business
            if _OURS.intersection(process.cmdline()):
                yield process.pid, process.ppid()


def _spent(cores: Sequence[int]) -> tuple[float, float]:
    """Seconds of these cores since the machine started: all, and those in which they were busy."""
    times = psutil.cpu_times(percpu=True)
    if max(cores) < len(times):  # else some are offline, and which is which cannot be told
        times = [times[core] for core in cores]
    total = idle = 0.0
    for of_core in times:
        fields = of_core._asdict()
        total += sum(seconds for name, seconds in fields.items() if not name.startswith("guest"))  # that is in `user`
        idle += fields.get("idle", 0.0) + fields.get("iowait", 0.0)
    return total, total - idle


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _count(cpus: str) -> int:
    """How many processors a list such as `0,4` or `0-1` names."""
    ends = [part.split("-") for part in cpus.split(",")]
    return sum(int(part[-1]) - int(part[0]) + 1 for part in ends)


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
