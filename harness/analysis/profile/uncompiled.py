"""Which functions were not compiled as a whole, or not any more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.analysis.profile.tracings import Traced
from harness.record import evidence
from harness.record.schema import Epoch
from harness.worker.wire.evidence import AFTER_BREAK, Cause, Limit, Trace


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


@dataclass(frozen=True)
class Uncaptured:
    """A function that is given to a compiler, or called by one that is, and of which no operation is compiled."""

    function: str
    where: str
    cause: Cause | None
    places: tuple[str, ...]
    """`file:line` of what could not be captured, as far as it is known."""
    times: int
    """How often it was traced."""
    epochs: int
    """In how many epochs that was."""


def uncaptured(epochs: Sequence[Epoch]) -> list[Uncaptured]:
    """Return the functions of which nothing was captured.

    After a function that is captured in part, Dynamo traces what that calls in between one by one, and some of it, such
    as logging, is better not compiled. So a function that it skipped is only returned if nothing was captured before,
    or if the function computes a gradient. One whose graph breaks before the first operation may call others that
    are captured, and is only returned if nothing was captured at all and nothing skipped.
    """
    found: dict[tuple[str, str], list[tuple[Trace, int]]] = {}
    skipped: set[tuple[str, str]] = set()
    captured: set[tuple[str, str]] = set()
    for epoch in epochs:
        for trace in evidence.traces(epoch):
            if trace.capture is None:
                continue
            function = _find_whole(trace)
            found.setdefault(function, []).append((trace, epoch.index))
            cause = trace.capture.broken
            if trace.capture.operations:
                captured.add(function)
            elif cause and cause.kind == "skipped" and (not captured or _computes_gradient(cause)):
                skipped.add(function)
    told = skipped - captured
    if not told and not captured:
        told = {function for function, own in found.items() if _find_cause(own)}
    return [_make_uncaptured(function, own) for function, own in found.items() if function in told]


def _find_whole(trace: Trace) -> tuple[str, str]:
    """Return the name and the file of the function of which something was traced."""
    return trace.function.partition(AFTER_BREAK)[0], trace.where.rpartition(":")[0]


def _computes_gradient(cause: Cause) -> bool:
    return "autograd" in cause.text


def _find_cause(own: Iterable[tuple[Trace, int]]) -> Cause | None:
    return next((trace.capture.broken for trace, _ in own if trace.capture and trace.capture.broken), None)


def _make_uncaptured(function: tuple[str, str], own: Sequence[tuple[Trace, int]]) -> Uncaptured:
    whole = [(trace, epoch) for trace, epoch in own if AFTER_BREAK not in trace.function] or own
    places = {trace.capture.at: None for trace, _ in own if trace.capture and trace.capture.at}
    resumed = {one: None for broke in broken(trace for trace, _ in own) for one in broke.places}
    return Uncaptured(
        function[0],
        whole[0][0].where,
        _find_cause(own),
        tuple(places | resumed),
        len(whole),
        len({epoch for _, epoch in whole}),
    )


def broken(traced: Iterable[Traced | Trace]) -> list[Broken]:
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
