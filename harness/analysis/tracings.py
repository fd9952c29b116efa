"""What was traced, how often, why, and what that took."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.lines import Cause, Trace
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


def of_one_block(record: Record, arm: str) -> list[Trace] | None:
    """Every tracing of the first block that `arm` took part in to its end, else of the first one."""
    pieces = [piece for piece in record.slices if piece.arm == arm]
    if not pieces:
        return None
    done = [end.block for end in record.ends if end.arm == arm and end.status == "ok"]
    block = next((piece.block for piece in pieces if piece.block in done), pieces[0].block)
    pieces = [piece for piece in pieces if piece.block == block]
    last_group = max(piece.group for piece in pieces)
    return [trace for piece in pieces if piece.group == last_group for epoch in piece.epochs for trace in epoch.traces]


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
