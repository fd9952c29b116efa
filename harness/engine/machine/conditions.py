"""The conditions that decide whether this machine is fit to measure on now: what shares its cores, and their speed.

A value that cannot be read is None, never guessed.
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
"""Seconds over which the load of other programs is measured. The kernel counts hundredths of a second per core."""
ENVIRONMENT = (
    *frameworks.thread_variables(),
    *("OMP_DYNAMIC", "OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY", "KMP_BLOCKTIME"),
)
"""Environment variables that decide how many threads a numerical library runs, and on which cores."""
_CPUS = Path("/sys/devices/system/cpu")
_CPUINFO = Path("/proc/cpuinfo")
_ARM_MODULES = {"harness.worker.worker", "harness.worker.fork_server"}
"""Modules in the command lines of arms and fork servers."""


def now() -> dict[str, Any]:
    """Read all conditions; no arm may be running. Takes little more than `SAMPLE_SECONDS`."""
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
    """The largest number of logical processors that share one physical core (hyper-threads)."""
    siblings = [_read(_CPUS / f"cpu{core}/topology/thread_siblings_list") for core in cores]
    with suppress(ValueError):
        return max((_read_count(text) for text in siblings if text), default=None)
    return None


def governor(cores: Sequence[int]) -> str | None:
    """The frequency governor, such as `performance` or `powersave`; all of them, if the cores differ."""
    found = {_read(_CPUS / f"cpu{core}/cpufreq/scaling_governor") for core in cores} - {None}
    return ", ".join(sorted(filter(None, found))) or None


def turbo() -> bool | None:
    """Whether the clock may exceed its sustained frequency."""
    intel, others = _read(_CPUS / "intel_pstate/no_turbo"), _read(_CPUS / "cpufreq/boost")
    if intel in ("0", "1"):
        return intel == "0"
    return others == "1" if others in ("0", "1") else None


def busy_elsewhere(cores: Sequence[int]) -> float | None:
    """The share of these cores' time that others use now: programs here or, in a virtual machine, its host."""
    before, own = _measure_cpu_seconds(cores), _measure_own_seconds()
    time.sleep(SAMPLE_SECONDS)
    after = _measure_cpu_seconds(cores)
    total = after[0] - before[0]
    if total <= 0:
        return None
    busy = after[1] - before[1] - (_measure_own_seconds() - own)
    return round(min(max(busy / total, 0.0), 1.0), 3)


def stolen() -> float | None:
    """Steal time: the share of CPU time demanded since boot that the host of this virtual machine withheld."""
    times = psutil.cpu_times()
    if not hasattr(times, "steal"):
        return None
    demanded = sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq", "steal"))
    return round(times.steal / demanded, 5) if demanded else None


def virtual() -> bool | None:
    """Whether this is a virtual machine, according to its processor flags."""
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
    """Process ids of other harness runs on this machine with live arms. Runs in other containers are not visible."""
    parents = dict(_list_arms_and_parents())
    return sorted(set(parents.values()) - parents.keys() - {os.getpid()})


def _list_arms_and_parents() -> Iterator[tuple[int, int]]:
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # it has ended meanwhile, or may not be inspected
            if _ARM_MODULES.intersection(process.cmdline()):
                yield process.pid, process.ppid()


def _measure_cpu_seconds(cores: Sequence[int]) -> tuple[float, float]:
    """Seconds of these cores since boot: the total, and the busy part."""
    times = psutil.cpu_times(percpu=True)
    if max(cores) < len(times):  # otherwise some are offline, and the list cannot be matched to cores
        times = [times[core] for core in cores]
    total = idle = 0.0
    for of_core in times:
        fields = of_core._asdict()
        total += sum(seconds for name, seconds in fields.items() if not name.startswith("guest"))  # included in `user`
        idle += fields.get("idle", 0.0) + fields.get("iowait", 0.0)
    return total, total - idle


def _measure_own_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _read_count(cpus: str) -> int:
    """The number of processors in a list such as `0,4` or `0-1`."""
    ends = [part.split("-") for part in cpus.split(",")]
    return sum(int(part[-1]) - int(part[0]) + 1 for part in ends)


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
