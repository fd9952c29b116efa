"""Limits of the container that this process runs in: memory and CPU time (Linux control groups).

`docs.kernel.org/admin-guide/cgroup-v2.html` describes the files, and `cgroup-v1` next to it those of older systems. Of
version 1 only the container's own files are read. Without control groups all limits are None.
"""

from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_UNLIMITED = 1 << 60
"""Bytes from which on a limit is none: version 1 writes "no limit" as a number close to the largest."""


def memory_limit() -> int | None:
    """Bytes that the container may use; None without a limit."""
    older = _read_number("memory/memory.limit_in_bytes")
    return _read_number("memory.max") or (older if older and older < _UNLIMITED else None)


def memory_used() -> int:
    """Bytes that the container uses, without the file cache that the kernel frees when a process needs the memory."""
    used = _read_number("memory.current")
    if used is not None:
        return used - _read_statistics(ROOT / "memory.stat").get("inactive_file", 0)
    cached = _read_statistics(ROOT / "memory" / "memory.stat").get("total_inactive_file", 0)
    return (_read_number("memory/memory.usage_in_bytes") or cached) - cached


def cores_allowed() -> float | None:
    """CPU quota of this process's groups, in cores; None without a quota."""
    quotas = [quota for group in _list_groups() if (quota := _read_quota(group / "cpu.max")) is not None]
    older, period = _read_number("cpu/cpu.cfs_quota_us"), _read_number("cpu/cpu.cfs_period_us")
    if older and period and older > 0:
        quotas.append(older / period)
    return min(quotas, default=None)


def throttled() -> float | None:
    """The share of periods in which a group of this process was throttled because its quota was used up; the largest of
    its groups, None if unknown."""
    shares = []
    for group in _list_groups():
        found = _read_statistics(group / "cpu.stat")
        if found.get("nr_periods"):
            shares.append(found.get("nr_throttled", 0) / found["nr_periods"])
    return max(shares, default=None)


def _list_groups() -> list[Path]:
    """The control groups of this process, the container's first. The limits of each bind those below it."""
    try:
        own = next(line[3:] for line in _OWN.read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        own = "/"
    below = [part for part in own.split("/") if part]
    if ".." in below:  # the path is as seen from outside of this container
        below = []
    return [ROOT.joinpath(*below[:depth]) for depth in range(len(below) + 1)]


def _read_quota(path: Path) -> float | None:
    """Read a quota in cores from `QUOTA PERIOD`, both in microseconds; None for `max PERIOD`."""
    try:
        quota, period = path.read_text().split()
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _read_number(name: str) -> int | None:
    try:
        return int((ROOT / name).read_text())
    except (OSError, ValueError):  # no container, or no limit: the file then says "max"
        return None


def _read_statistics(path: Path) -> dict[str, int]:
    try:
        return {name: int(value) for name, value in (line.split() for line in path.read_text().splitlines())}
    except (OSError, ValueError):
        return {}
