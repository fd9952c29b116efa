"""What was traced and compiled: how often, why, and at what cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.analysis.profile.charges import Charge, EventKind, charges, compiled, traced
from harness.record import evidence
from harness.record.lines import Lines
from harness.record.schema import Epoch
from harness.worker.wire.evidence import FROM_CACHE, Cause, Compilation, Trace


@dataclass(frozen=True, kw_only=True)
class Traced:
    """The traces of one function for one kind of cause."""

    function: str
    where: str
    cause: Cause | None
    """The cause of the first of them."""
    times: int
    seconds: float | None
    """The time of these traces, without nested ones; None if no trace could be timed."""
    epochs: tuple[int, ...] = ()
    """The epochs in which it was traced."""
    again: int = 0
    """How many of these were not the first of their kind: what is traced in such epochs is likely to be traced
    again."""
    phases: tuple[str, ...] = ()
    """The phases in which it was traced, if recorded; an empty string means outside any phase."""
    charge: Charge | None = None
    """The cost including the first runs of what was traced, in epochs that were not the first of their kind. None if it
    was traced in no such epoch, or if it follows from another trace, which then has the cost."""


def of_one_block(record: Lines, arm: str) -> list[Epoch] | None:
    """Return every epoch of the first block that `arm` completed, or else of its first block; None if it ran
    nothing."""
    pieces = [piece for piece in record.slices if piece.arm == arm]
    if not pieces:
        return None
    done = [end.block for end in record.ends if end.arm == arm and end.status == "ok"]
    block = next((piece.block for piece in pieces if piece.block in done), pieces[0].block)
    pieces = [piece for piece in pieces if piece.block == block]
    last_group = max(piece.group for piece in pieces)
    return [epoch for piece in pieces if piece.group == last_group for epoch in piece.epochs]


def by_cause(epochs: Iterable[Epoch], busy: Mapping[str, float] | None = None) -> list[Traced]:
    """Return what was traced in these epochs, the costliest first. For `busy` see `charges`."""
    epochs = list(epochs)
    costs = charges(epochs, busy)
    found: dict[EventKind, list[tuple[Trace, Epoch]]] = {}
    for epoch in epochs:
        for trace in evidence.traces(epoch):
            found.setdefault(traced(trace), []).append((trace, epoch))
    groups = [
        _make_traced([trace for trace, _ in own], [epoch for _, epoch in own], costs.get(event))
        for event, own in found.items()
    ]
    return sorted(groups, key=lambda group: -(group.seconds or 0.0))


def _make_traced(traces: Sequence[Trace], epochs: Sequence[Epoch], charge: Charge | None) -> Traced:
    """Combine the traces of one function for one kind of cause with the epoch of each and their cost."""
    first, *_ = traces
    timed = [trace.seconds for trace in traces if trace.seconds is not None]
    return Traced(
        function=first.function,
        where=first.where,
        cause=first.cause,
        times=len(traces),
        seconds=sum(timed) if timed else None,
        epochs=tuple(dict.fromkeys(epoch.index for epoch in epochs)),
        again=_count_later(epochs),
        phases=tuple(dict.fromkeys(trace.phase for trace in traces if trace.phase is not None)),
        charge=charge,
    )


def _count_later(epochs: Iterable[Epoch]) -> int:
    """Count the epochs that were not the first of their kind."""
    return len({epoch.index for epoch in epochs if not epoch.first})


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """The compilations of one function."""

    function: str
    where: str
    times: int
    silent: int
    """The number of compilations for another shape, which no trace announced."""
    seconds: float
    epochs: tuple[int, ...] = ()
    """The epochs in which it was compiled."""
    again: int = 0
    """The number of epochs, other than the first of their kind, in which it was compiled silently."""
    charge: Charge | None = None
    """The cost of the silent compilations in those epochs."""
    compiler: str = ""
    """The compiler; empty if it was not recorded."""


def count_from_cache(epochs: Iterable[Epoch]) -> int:
    """Return how many compiled functions came from a cache on disk, and were not compiled in this process."""
    return sum(one.compiler == FROM_CACHE for epoch in epochs for one in evidence.compilations(epoch))


def by_function(epochs: Iterable[Epoch], busy: Mapping[str, float] | None = None) -> list[Compiled]:
    """Return what was compiled in these epochs, the costliest first. For `busy` see `charges`."""
    epochs = list(epochs)
    costs = charges(epochs, busy)
    found: dict[tuple[str, str], list[tuple[Compilation, Epoch]]] = {}
    for epoch in epochs:
        for one in evidence.compilations(epoch):
            found.setdefault((one.function, one.where), []).append((one, epoch))
    groups = [
        Compiled(
            function=function,
            where=where,
            times=len(own),
            silent=sum(one.recompiled for one, _ in own),
            seconds=sum(one.seconds for one, _ in own),
            epochs=tuple(dict.fromkeys(epoch.index for _, epoch in own)),
            again=_count_later(epoch for one, epoch in own if one.recompiled),
            charge=_find_silent_charge(costs, [one for one, _ in own]),
            compiler=own[0][0].compiler,
        )
        for (function, where), own in found.items()
    ]
    return sorted(groups, key=lambda group: -group.seconds)


def _find_silent_charge(costs: Mapping[EventKind, Charge], compiles: Sequence[Compilation]) -> Charge | None:
    return next((costs[compiled(one)] for one in compiles if one.recompiled and compiled(one) in costs), None)
