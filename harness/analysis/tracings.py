"""What was traced and compiled, how often, why, and what that took."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.lines import Cause, Compile, Epoch, Trace
from harness.record import Record


@dataclass(frozen=True)
class Traced:
    """The tracings of one function for one sort of cause."""

    function: str
    where: str
    cause: Cause | None
    """Of the first of them."""
    times: int
    seconds: float
    """Without what was traced inside them."""


def of_one_block(record: Record, arm: str) -> list[Epoch] | None:
    """Every epoch of the first block that `arm` took part in to its end, else of the first one."""
    pieces = [piece for piece in record.slices if piece.arm == arm]
    if not pieces:
        return None
    done = [end.block for end in record.ends if end.arm == arm and end.status == "ok"]
    block = next((piece.block for piece in pieces if piece.block in done), pieces[0].block)
    pieces = [piece for piece in pieces if piece.block == block]
    last_group = max(piece.group for piece in pieces)
    return [epoch for piece in pieces if piece.group == last_group for epoch in piece.epochs]


def by_cause(traces: Iterable[Trace]) -> list[Traced]:
    """The costliest first."""
    found: dict[tuple[str, str, str | None], list[Trace]] = {}
    for trace in traces:
        found.setdefault((trace.function, trace.where, trace.cause.sort if trace.cause else None), []).append(trace)
    groups = [
        Traced(function, where, own[0].cause, len(own), sum(trace.seconds or 0.0 for trace in own))
        for (function, where, _), own in found.items()
    ]
    return sorted(groups, key=lambda group: -group.seconds)


@dataclass(frozen=True)
class Compiled:
    """The compilations of one function by XLA."""

    function: str
    where: str
    times: int
    silent: int
    """For another shape, which no tracing announced."""
    seconds: float


def by_function(compiles: Iterable[Compile]) -> list[Compiled]:
    """The costliest first."""
    found: dict[tuple[str, str], list[Compile]] = {}
    for one in compiles:
        found.setdefault((one.function, one.where), []).append(one)
    groups = [
        Compiled(*place, len(own), sum(one.again for one in own), sum(one.seconds for one in own))
        for place, own in found.items()
    ]
    return sorted(groups, key=lambda group: -group.seconds)
