"""What a container allows this process: memory, and processor time (Linux control groups).

`docs.kernel.org/admin-guide/cgroup-v2.html` has the files, and `cgroup-v1` beside it those of older systems, of which
only the container's own are read. Where there are none, all is None.
"""

from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_UNLIMITED = 1 << 60
"""Version 1 has a number for no limit: nearly as many bytes as there can be."""


def memory_limit() -> int | None:
    """Bytes that the container may take."""
    older = _number("memory/memory.limit_in_bytes")
    return _number("memory.max") or (older if older and older < _UNLIMITED else None)


def memory_taken() -> int:
    """Bytes that count as the container's, without the file cache that is given up as soon as a process needs it."""
    taken = _number("memory.current")
    if taken is not None:
        return taken - _statistics(ROOT / "memory.stat").get("inactive_file", 0)
    cached = _statistics(ROOT / "memory" / "memory.stat").get("total_inactive_file", 0)
    return (_number("memory/memory.usage_in_bytes") or cached) - cached


def cores_allowed() -> float | None:
    """How many cores' time this process's groups may use; None where they may use all there is."""
    quotas = [quota for group in _groups() if (quota := _quota(group / "cpu.max")) is not None]
    older, period = _number("cpu/cpu.cfs_quota_us"), _number("cpu/cpu.cfs_period_us")
    if older and period and older > 0:
        quotas.append(older / period)
    return min(quotas, default=None)


def throttled() -> float | None:
    """The share of periods in which a group of this process was made to wait, because its time was used up."""
    shares = []
    for group in _groups():
        found = _statistics(group / "cpu.stat")
        if found.get("nr_periods"):
            shares.append(found.get("nr_throttled", 0) / found["nr_periods"])
    return max(shares, default=None)


def _groups() -> list[Path]:
    """The groups that this process is in, the whole container's first: what each allows binds those below it."""
    try:
        own = next(line[3:] for line in _OWN.read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        own = "/"
    below = [part for part in own.split("/") if part]
    if ".." in below:  # a path as it is outside of this container
        below = []
    return [ROOT.joinpath(*below[:depth]) for depth in range(len(below) + 1)]


def _quota(path: Path) -> float | None:
    """`QUOTA PERIOD`, both in microseconds, or `max PERIOD`."""
    try:
        quota, period = path.read_text().split()
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _number(name: str) -> int | None:
    try:
        return int((ROOT / name).read_text())
    except (OSError, ValueError):  # no container, or one without a limit, whose file says "max"
        return None


def _statistics(path: Path) -> dict[str, int]:
    try:
        return {name: int(value) for name, value in (line.split() for line in path.read_text().splitlines())}
    except (OSError, ValueError):
        return {}
