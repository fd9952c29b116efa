"""What a container allows this process: memory, and processor time (Linux control groups, version 2).

`docs.kernel.org/admin-guide/cgroup-v2.html` has the files. Where there are none, or none of version 2, all is None.
"""

from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def memory_limit() -> int | None:
    """Bytes that the container may take."""
    return _number("memory.max")


def memory_taken() -> int:
    """Bytes that count as the container's, without the file cache that is given up as soon as a process needs it."""
    return (_number("memory.current") or 0) - _statistics(ROOT / "memory.stat").get("inactive_file", 0)


def cores_allowed() -> float | None:
    """How many cores' time this process's groups may use; None where they may use all there is."""
    quotas = [quota for group in _groups() if (quota := _quota(group / "cpu.max")) is not None]
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
