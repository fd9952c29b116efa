"""A process's memory over time, as memory-profiler's `mprof` writes it: lines of `MEM mebibytes timestamp`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True)
class Sample:
    seconds: float
    """Seconds since the first sample."""
    bytes: float


def samples(lines: Iterable[str]) -> list[Sample]:
    """Return the samples in order of time. Lines that are not samples, such as one that was cut off, are skipped."""
    found = sorted(_parse(lines))
    return [Sample(at - found[0][0], mebibytes * 2**20) for at, mebibytes in found]


def _parse(lines: Iterable[str]) -> Iterator[tuple[float, float]]:
    """Yield the time and the mebibytes of each sample."""
    for line in lines:
        match line.split():
            case ["MEM", size, at]:
                try:
                    values = float(at), float(size)
                except ValueError:
                    continue
                if all(map(isfinite, values)) and values[1] >= 0:
                    yield values
