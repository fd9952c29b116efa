"""The findings that a profile's reader needs first: what stands out in what was measured, each with its figures.

A rule is a function from the evidence to its findings. They are ordered by what acting on them would save.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from harness.analysis.epochs.typical import by_kind, typical_epochs
from harness.analysis.profile.bounds import Bound, find_bounds
from harness.analysis.profile.charges import Charge, together
from harness.analysis.profile.facts import (
    Arithmetic,
    Dominating,
    Fact,
    Found,
    Growing,
    Heavy,
    HostBound,
    MoreOperations,
    NewTraces,
    OpByOp,
    OutsideOperations,
    Recompiled,
    Retraced,
    SpareOptimizers,
    Unweighted,
)
from harness.analysis.profile.few_threads import FewThreads, few_threads
from harness.analysis.profile.growth import Growth, MemoryTrend
from harness.analysis.profile.growths import growths
from harness.analysis.profile.idle_terms import idle_terms
from harness.analysis.profile.more_operations import Rise, rises
from harness.analysis.profile.operations import busy_seconds, profiles
from harness.analysis.profile.phases import Phase, phases
from harness.analysis.profile.spare_optimizers import spare_optimizers
from harness.analysis.profile.started import Starting, starting
from harness.analysis.profile.tracings import Compiled, Traced, by_cause, by_function, of_one_block
from harness.analysis.profile.uncompiled import broken, given_up, uncaptured
from harness.record.lines import Lines
from harness.record.schema import Epoch
from harness.worker.wire.evidence import Between, LineUse, OneByOne, OptimizerUse, Timed

MOST = 5
MIN_REPEATS = 2
"""The number of epochs, other than the first of their kind, in which a function has to be traced again for one cause,
or compiled for another shape. If this stops after the first ones, it costs a training next to nothing and may well be
intended: a function that is called on three kinds of points has three shapes."""
OFTEN = 0.25
"""Traces of something new each time are reported from this share of epochs on, the first of their kind apart."""
MIN_SAVING = 0.01
"""Findings that would save less than this share of the time are left out."""
MOSTLY = 0.5
"""A part with at least this share of the arithmetic is reported."""
HEAVY = 1 / 3
"""A phase other than the step itself is reported if it takes at least this share of an epoch."""
FEWEST_OPERATIONS = 100
"""Operations of an epoch that run one by one are reported from this number on, if they are most of all."""
HOST_BOUND = 0.5
"""The share of an epoch without work from which on an accelerator mostly waits."""
STEP = re.compile("step|train|fit|update|optimi[sz]|gradient|forward|backward", re.IGNORECASE)
"""Matches the name of a phase that does the main work of an epoch."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was measured of one arm."""

    epochs: list[Epoch]
    """The epochs of the timed pass."""
    traced: list[Traced]
    compiled: list[Compiled]
    phases: list[Phase]
    growths: Mapping[str, Growth]
    rises: Mapping[str, Rise] = field(default_factory=dict)
    """The rise of the number of operations from epoch to epoch, of each kind of epoch that has one."""
    parts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Floating-point operations of an epoch, by kind and part."""
    times: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """The share of the time of an epoch's operations, by kind and part."""
    lines: Mapping[str, Sequence[LineUse]] = field(default_factory=dict)
    timed: Mapping[str, Timed] = field(default_factory=dict)
    between: Mapping[str, Sequence[Between]] = field(default_factory=dict)
    """By kind of epoch: what lines do, the epoch in which they were timed, and what runs between operations."""
    incomplete: Sequence[str] = ()
    """The kinds of epochs of whose arithmetic a part is not counted."""
    bounds: Mapping[str, Mapping[str, Bound]] = field(default_factory=dict)
    """What limits the speed of lines, by kind of epoch and `file:line`."""
    starting: Sequence[Starting] = ()
    few_threads: Sequence[FewThreads] = ()
    """The frameworks that use fewer threads than were set."""
    spare_optimizers: Sequence[OptimizerUse] = ()
    """The classes of which several optimizers keep the same for the same parameters."""
    one_by_one: Mapping[str, OneByOne] = field(default_factory=dict)
    """The operations that run one by one, by kind of epoch."""
    waiting: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    """The share of an epoch of each kind in which an accelerator does nothing, and its kind, if there is one."""
    schedule: Mapping[str, int] = field(default_factory=dict)
    """The number of epochs of each kind in the whole schedule; empty if unknown."""

    @classmethod
    def of(cls, record: Lines, arm: str) -> "Evidence":
        epochs = of_one_block(record, arm) or []
        busy = busy_seconds(record, arm)
        profiled = profiles(record, arm)
        work = next((work for work in record.works if work.arm == arm), None)
        return cls(
            epochs=epochs,
            traced=by_cause(epochs, busy),
            compiled=by_function(epochs, busy),
            phases=phases(record, arm),
            growths=growths(record, arm),
            rises=rises(record, arm),
            parts=work.parts if work else {},
            lines=work.lines if work else {},
            timed=work.timed if work else {},
            between=work.between if work else {},
            bounds=find_bounds(work) if work else {},
            incomplete=work.incomplete if work else (),
            one_by_one=work.one_by_one if work else {},
            starting=starting(record, arm),
            few_threads=few_threads(record, arm),
            spare_optimizers=spare_optimizers(record, arm),
            times={
                kind: {name: spent.share for name, spent in profile.parts.items()} for kind, profile in profiled.items()
            },
            # By the time of epochs without a profiler, which makes them longer and not busier.
            waiting={
                kind: (max(1 - busy[kind] / typical, 0.0), profiled[kind].device)
                for kind, own in by_kind(typical_epochs(epochs)).items()
                if kind in busy and kind in profiled and profiled[kind].device
                for typical in [median(epoch.wall for epoch in own)]
            },
            schedule=record.schedule(arm),
        )

    @property
    def seconds(self) -> float:
        return sum(epoch.wall for epoch in self.epochs)


def findings(evidence: Evidence) -> list[Found]:
    """Return at most five findings: the costliest ones first, then those that are not about time, which are never left
    out."""
    found = [one for rule in RULES for one in rule(evidence)]
    others = [one for one in found if one.seconds is None][:MOST]
    timed = [one for one in found if one.seconds is not None and one.weight >= MIN_SAVING]
    return sorted(timed, key=lambda one: -one.weight)[: MOST - len(others)] + others


def find_retraced(evidence: Evidence) -> Iterator[Found]:
    """Find functions that are traced again and again for one cause, and epochs that keep tracing something new, each
    function once or for another cause."""
    left = []
    for one in evidence.traced:
        if one.charge is None:
            continue
        if one.again < MIN_REPEATS:
            left.append((one, one.charge))
            continue
        yield _make_charged_finding(evidence, "retraced", Retraced(one, len(evidence.epochs)), one.charge)
    later = [epoch for epoch in evidence.epochs if not epoch.first]
    tracing = [epoch for epoch in later if any(one.epochs.count(epoch.index) for one, _ in left)]
    if len(tracing) >= max(MIN_REPEATS, OFTEN * len(later)):
        most, _ = max(left, key=lambda own: own[1].seconds)
        fact = NewTraces(most, len(left), len(tracing), len(later))
        yield _make_charged_finding(evidence, "retraced", fact, together(charge for _, charge in left))


def find_recompiled(evidence: Evidence) -> Iterator[Found]:
    """Find functions that are compiled for each new shape, though nothing is traced."""
    for one in evidence.compiled:
        if one.again >= MIN_REPEATS and one.charge:
            yield _make_charged_finding(evidence, "recompiled", Recompiled(one), one.charge)


def _make_charged_finding(evidence: Evidence, rule: str, fact: Fact, charge: Charge) -> Found:
    whole = evidence.seconds
    most = charge.most / whole if charge.unheld and charge.most is not None else None
    return Found(rule, fact, charge, charge.seconds, charge.seconds / whole, most)


def find_arithmetic(evidence: Evidence) -> Iterator[Found]:
    """Find a part of the computation with most of the arithmetic, in the kind of epoch that took the most time."""
    kind = max(evidence.parts, key=lambda kind: _estimate_seconds(evidence, [kind]), default="")
    parts = evidence.parts.get(kind, {})
    total = sum(parts.values())
    name, most = max(parts.items(), key=lambda own: own[1], default=("", 0.0))
    timed = evidence.times.get(kind, {}).get(name)
    if name and most >= MOSTLY * total and (timed is None or timed >= MOSTLY):
        fact = Arithmetic(kind, name, most, total, timed)
        yield _make_steady_finding(evidence, "arithmetic", fact, {kind: timed or most / total})


def find_dominating(evidence: Evidence) -> Iterator[Found]:
    """Find the line that takes most of an epoch, in the kind of epoch that took the most time."""
    kind = max(evidence.timed, key=lambda kind: _estimate_seconds(evidence, [kind]), default="")
    whole = _get_timed_seconds(evidence, kind)
    known = [use for use in evidence.lines.get(kind, ()) if use.where and use.seconds]
    most = max(known, key=lambda use: use.seconds or 0.0, default=None)
    if not whole or not most or not most.seconds or most.seconds < MOSTLY * whole:
        return
    way = next((one for one in most.callers if one.where and (one.seconds or 0.0) >= MOSTLY * most.seconds), None)
    flops = sum(use.flops for use in evidence.lines[kind])
    share = most.seconds / whole
    bound = evidence.bounds.get(kind, {}).get(most.where)
    of_flops = most.flops / flops if flops and kind not in evidence.incomplete else None
    fact = Dominating(kind, most, way, share, of_flops, bound)
    yield _make_steady_finding(evidence, "line", fact, {kind: share})


def find_outside_operations(evidence: Evidence) -> Iterator[Found]:
    """Find lines that take much of an epoch outside of all operations."""
    for kind, lines in evidence.between.items():
        whole = _get_timed_seconds(evidence, kind)
        for one in lines if whole else ():
            if one.where and (share := one.seconds / whole) >= HEAVY:
                fact = OutsideOperations(kind, one, share)
                yield _make_steady_finding(evidence, "outside operations", fact, {kind: share})


def _get_timed_seconds(evidence: Evidence, kind: str) -> float:
    """Return the seconds of an epoch of a kind that the times of its lines are part of; 0 if they were not timed."""
    timed = evidence.timed.get(kind)
    return max(timed.wall or _compute_typical_seconds(evidence, kind), timed.busy) if timed else 0.0


def find_unweighted(evidence: Evidence) -> Iterator[Found]:
    """Find terms of the loss that are computed where their weight is 0."""
    for term, kinds in idle_terms(evidence.epochs).items():
        here = sum(evidence.schedule.get(kind, 0) for kind in kinds)
        share = here / sum(evidence.schedule.values()) if here else None
        shares = {kind: _compute_term_share(evidence, term, kind) for kind in kinds}
        own = sum(part * _estimate_seconds(evidence, [kind]) for kind, part in shares.items())
        fact = Unweighted(term, tuple(kinds), share, own or None, _estimate_seconds(evidence, kinds))
        yield _make_steady_finding(evidence, "unweighted", fact, shares) if own else Found("unweighted", fact)


def _compute_term_share(evidence: Evidence, term: str, kind: str) -> float:
    """Return the share of an epoch of `kind` that goes to the scope named after `term`: by the time of its operations
    or, if that was not observed, by its arithmetic."""
    parts = evidence.times.get(kind) or evidence.parts.get(kind, {})
    own = sum(number for name, number in parts.items() if name.partition("/")[0] == term)
    return own / sum(parts.values()) if own else 0.0


def _make_steady_finding(evidence: Evidence, rule: str, fact: Fact, shares: Mapping[str, float]) -> Found:
    """Make the finding for something that takes these shares of steady epochs, by kind."""
    seconds = sum(share * _estimate_seconds(evidence, [kind]) for kind, share in shares.items())
    whole = {kind: _project_seconds(evidence, kind) for kind in dict.fromkeys(epoch.kind for epoch in evidence.epochs)}
    part = sum(share * whole.get(kind, 0.0) for kind, share in shares.items())
    return Found(rule, fact, seconds=seconds, share=part / (sum(whole.values()) or 1.0))


def _estimate_seconds(evidence: Evidence, kinds: Sequence[str]) -> float:
    """Return the seconds that the epochs of these kinds that ran, without first ones, would take if all were
    typical."""
    return sum(_compute_typical_seconds(evidence, kind) * len(_select_steady(evidence, kind)) for kind in kinds)


def _project_seconds(evidence: Evidence, kind: str) -> float:
    """Return the seconds of one kind's typical epochs in a whole training; in the epochs that ran, if its length is
    unknown."""
    return _compute_typical_seconds(evidence, kind) * (
        evidence.schedule.get(kind) or len(_select_steady(evidence, kind))
    )


def _select_steady(evidence: Evidence, kind: str) -> list[Epoch]:
    return [epoch for epoch in evidence.epochs if epoch.kind == kind and not epoch.first]


def _compute_typical_seconds(evidence: Evidence, kind: str) -> float:
    """Return the seconds of a typical epoch of a kind; 0 if only its first epoch ran."""
    walls = [epoch.wall for epoch in typical_epochs(_select_steady(evidence, kind))]
    return median(walls) if walls else 0.0


def find_heavy(evidence: Evidence) -> Iterator[Found]:
    """Find phases that take much of an epoch and are not the step that trains."""
    by_path: dict[str, list[Phase]] = {}
    for one in evidence.phases:
        of_kind = [phase for phase in evidence.phases if phase.kind == one.kind]
        inner = max((phase.total_seconds for phase in of_kind if phase.path.startswith(f"{one.path} > ")), default=0.0)
        says_more = inner >= MOSTLY * one.total_seconds
        trains = STEP.search(one.path.partition(" > ")[0])
        if one.path and not trains and _compute_total_share(one, of_kind) >= HEAVY and not says_more:
            by_path.setdefault(one.path, []).append(one)
    for found in by_path.values():
        shares = {
            one.kind: _compute_total_share(one, [p for p in evidence.phases if p.kind == one.kind]) for one in found
        }
        most = max(found, key=lambda one: shares[one.kind])
        also = tuple(kind for kind in shares if kind != most.kind)
        yield _make_steady_finding(evidence, "heavy", Heavy(most, shares[most.kind], also), shares)


def _compute_total_share(one: Phase, of_kind: Sequence[Phase]) -> float:
    """Return the share of an epoch that a phase takes, including the phases within it."""
    whole = sum(phase.own_seconds for phase in of_kind)
    return min(one.total_seconds / whole, 1.0) if whole else 0.0


def find_host_bound(evidence: Evidence) -> Iterator[Found]:
    """Find epochs in which an accelerator mostly waits for the host."""
    for kind, (idle, device) in evidence.waiting.items():
        if idle >= HOST_BOUND:
            yield _make_steady_finding(evidence, "host-bound", HostBound(kind, idle, device), {kind: idle})


def find_starting(evidence: Evidence) -> Iterator[Found]:
    """Find lines that start processes again and again."""
    for one in evidence.starting:
        if one.epochs >= MOSTLY:
            yield _make_steady_finding(evidence, "starts processes", one, {one.kind: one.share})


def find_few_threads(evidence: Evidence) -> Iterator[Found]:
    """Find frameworks that use fewer threads than harness set, while no more processors compute."""
    for one in evidence.few_threads:
        if one.busy < one.threads + MOSTLY:
            yield Found("few threads", one)


def find_uncompiled(evidence: Evidence) -> Iterator[Found]:
    """Find what was not compiled at all, or not as a whole, or not any more."""
    for kind, counts in evidence.one_by_one.items():
        if counts.operations >= max(FEWEST_OPERATIONS, MOSTLY * counts.of):
            yield Found("op by op", OpByOp(kind, counts))
    yield from (Found("given up", one) for one in given_up(evidence.epochs))
    nothing = uncaptured(evidence.epochs)
    yield from (Found("uncaptured", one) for one in nothing)
    names = {one.function for one in nothing}
    yield from (Found("broken", one) for one in broken(evidence.traced) if one.function not in names)


def find_growing(evidence: Evidence) -> Iterator[Found]:
    """Find memory that grows from epoch to epoch."""
    for kind, one in evidence.growths.items():
        if one.verdict == MemoryTrend.GROWING:
            yield Found("growing", Growing(kind, one))


def find_more_operations(evidence: Evidence) -> Iterator[Found]:
    """Find epochs that each run more operations than the one before."""
    yield from (Found("more operations", MoreOperations(kind, rise)) for kind, rise in evidence.rises.items())


def find_spare_optimizers(evidence: Evidence) -> Iterator[Found]:
    """Find optimizers that keep for parameters what an earlier one keeps for them."""
    yield from (Found("spare optimizers", SpareOptimizers(use)) for use in evidence.spare_optimizers)


RULES: tuple[Callable[[Evidence], Iterator[Found]], ...] = (
    find_retraced,
    find_recompiled,
    find_dominating,
    find_outside_operations,
    find_arithmetic,
    find_unweighted,
    find_heavy,
    find_host_bound,
    find_starting,
    find_few_threads,
    find_uncompiled,
    find_growing,
    find_more_operations,
    find_spare_optimizers,
)
