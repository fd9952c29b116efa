"""Which functions were not compiled as a whole, or not any more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.analysis.profile.tracings import Traced
from harness.record import evidence
from harness.record.schema import Epoch
from harness.worker.wire.evidence import AFTER_BREAK, Limit


@dataclass(frozen=True)
class Broken:
    """A function that is compiled in pieces: each call leaves the compiled code where its graph breaks."""

    function: str
    places: tuple[str, ...]
    """`file:line` of each break."""


@dataclass(frozen=True)
class GivenUp:
    """A function that is run without compilation, because it was compiled too often."""

    limit: Limit
    epoch: int
    """The epoch in which that happened."""


def broken(traced: Iterable[Traced]) -> list[Broken]:
    """Return the functions whose graphs break, in the order in which they were traced."""
    found: dict[str, dict[str, None]] = {}
    for one in traced:
        function, after, line = one.function.partition(AFTER_BREAK)
        if after:
            file, _, _ = one.where.rpartition(":")
            found.setdefault(function, {})[f"{file}:{line}"] = None
    return [Broken(function, tuple(sorted(places))) for function, places in found.items()]


def given_up(epochs: Sequence[Epoch]) -> list[GivenUp]:
    """Return the functions that were given up, each with the first epoch of that."""
    found: dict[tuple[str, str], GivenUp] = {}
    for epoch in epochs:
        for limit in evidence.limits(epoch):
            found.setdefault((limit.function, limit.where), GivenUp(limit, epoch.index))
    return list(found.values())
