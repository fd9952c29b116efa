"""Compares what has no noise: counts, losses and quality, over the same epochs of base and head.

The base runs twice. If its two runs differ in a metric, the program is not deterministic in it, and the check is
unsure. What the base has and the head lacks is unsure too, since a gate must not pass on what it did not see.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from harness import rounding
from harness.analysis.comparison.losses import ROUNDING, losses
from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.observed import why_unobserved
from harness.analysis.epochs.prefix import common_prefixes
from harness.analysis.epochs.projection import Projection
from harness.analysis.gate.check import IMPROVED, NOT_COMPLETED, NOT_MEASURED, OK, REGRESSED, UNSURE, Check
from harness.analysis.metrics.arm import MeasuredArm
from harness.analysis.metrics.base import Unit
from harness.analysis.metrics.registry import METRICS
from harness.analysis.stats.ratios import Ratio
from harness.plan.gate_rules import (
    COMPILATIONS,
    FLOPS,
    LOSSES,
    PEAK_MEMORY,
    PEAK_TENSORS,
    QUALITY,
    TIMES,
    TRACES,
    Tolerances,
    Triple,
)
from harness.record import evidence
from harness.record.lines import Lines
from harness.worker.wire.evidence import Compilation, Trace

COUNTED = TRACES, COMPILATIONS, FLOPS, LOSSES, QUALITY
_MAX_NAMED = 3
"""The largest number of functions that a sentence names."""


def counts(passes: Lines, triple: Triple) -> list[Check]:
    """Return a check for each gated metric. `passes` are the lines that `triples.counted` returns."""
    allowed = triple.tolerances
    if {end.arm for end in passes.ends if end.status == "ok"} < set(triple.arms):
        gated = [metric for metric in (*COUNTED, *_list_generic_metrics(allowed)) if allowed[metric] is not None]
        return [Check(triple.name, metric, None, UNSURE, why=NOT_COMPLETED) for metric in gated]
    found: list[Check] = []
    for events in (TRACES, COMPILATIONS):
        if allowed[events] is not None:
            found.append(_compare_events(passes, triple, events, allowed[events]))
    if allowed[FLOPS] is not None:
        found += _compare_flops(passes, triple, allowed[FLOPS])
    if allowed[LOSSES] is not None:
        found.append(_compare_losses(passes, triple, allowed[LOSSES]))
    if allowed[QUALITY] is not None:
        found += _compare_qualities(passes, triple, allowed[QUALITY])
    return found + [_check_generic_metric(passes, triple, metric) for metric in _list_generic_metrics(allowed)]


def _list_generic_metrics(allowed: Tolerances) -> list[str]:
    """Return the gated metrics without a comparison of their own, such as those that users registered."""
    known = (*COUNTED, *TIMES, PEAK_MEMORY, PEAK_TENSORS)
    return [name for name, one in METRICS.items() if one.gated and name not in known and allowed[name] is not None]


def _check_generic_metric(passes: Lines, triple: Triple, name: str) -> Check:
    """Compare a deterministic figure of the base, its repeat and the head; lower is better."""
    costs = Projection(passes, epoch_table.table(passes))
    base, base_repeat, head = (METRICS[name].of(MeasuredArm(costs, str(arm))) for arm in triple.arms)
    if base.value is None or base_repeat.value is None:
        return Check(triple.name, name, None, NOT_MEASURED, why=base.unavailable)
    if head.value is None:
        why = head.unavailable or "it was measured in the base but not in the head"
        return Check(triple.name, name, None, UNSURE, base.value, why=why)
    if base.value != base_repeat.value:
        values = f"{rounding.number(base.value)} and {rounding.number(base_repeat.value)}"
        why = f"two runs of the base differ in it: {values}"
        return Check(triple.name, name, None, UNSURE, base.value, head.value, why=why)
    tolerance = triple.tolerances[name]
    if METRICS[name].unit == Unit.COUNT:
        more = head.value - base.value
        answer = REGRESSED if more > tolerance else IMPROVED if more < 0 else OK
        return Check(triple.name, name, None, answer, base.value, head.value, None, tolerance)
    return _compare_figures(triple, name, None, base.value, head.value, tolerance)


_Event = Trace | Compilation


def _compare_events(passes: Lines, triple: Triple, metric: str, tolerance: int) -> Check:
    """Compare traces or compilations, over the epochs that base and head both ran from the first on."""
    base_unseen, head_unseen = (why_unobserved(passes, str(arm), metric) for arm in (triple.base, triple.head))
    if base_unseen:
        return Check(triple.name, metric, None, NOT_MEASURED, why=base_unseen)
    pairs = max(common_prefixes(passes, triple.head), key=len, default=[])
    if head_unseen or not pairs:
        return Check(triple.name, metric, None, UNSURE, why=head_unseen or "base and head have no epoch in common")
    repeat_pairs = max(common_prefixes(passes, str(triple.again)), key=len, default=[])[: len(pairs)]
    head, base, base_repeat = (
        [
            (epoch.index, event)
            for epoch in run
            for event in (evidence.traces(epoch) if metric == TRACES else evidence.compilations(epoch))
        ]
        for run in ([own for own, _ in pairs], [own for _, own in pairs], [own for own, _ in repeat_pairs])
    )
    epochs = f"{len(pairs)} epochs"
    if len(base) != len(base_repeat):
        why = f"two runs of the base differ in it: {len(base)} and {len(base_repeat)} in {epochs}"
        answer = UNSURE
    elif len(head) > len(base) + tolerance:
        why, answer = f"in {epochs}: {_describe_added(_find_added_events(base, head))}", REGRESSED
    else:
        why, answer = f"in {epochs}", IMPROVED if len(head) < len(base) else OK
    return Check(triple.name, metric, None, answer, len(base), len(head), None, tolerance, why)


def _find_added_events(
    base: Sequence[tuple[int, _Event]], head: Sequence[tuple[int, _Event]]
) -> list[tuple[int, int, _Event]]:
    """Return the events that occur more often in `head` than in `base`: how many more, the epoch of the first
    additional one, and that event. Events are matched by function and cause, since line numbers change with every
    edit."""
    before = Counter(_get_event_key(event) for _, event in base)
    found: list[tuple[int, int, _Event]] = []
    now: dict[tuple[str, str | bool | None], list[tuple[int, _Event]]] = {}
    for index, event in head:
        now.setdefault(_get_event_key(event), []).append((index, event))
    for kind, events in now.items():
        more = len(events) - before[kind]
        if more > 0:
            index, event = events[len(events) - more]
            found.append((more, index, event))
    return sorted(found, key=lambda one: -one[0])


def _get_event_key(event: _Event) -> tuple[str, str | bool | None]:
    if isinstance(event, Trace):
        return event.function, event.cause.kind if event.cause else None
    return event.function, event.recompiled


def _describe_added(added: Sequence[tuple[int, int, _Event]]) -> str:
    """Describe which functions were traced or compiled more often, where and why."""
    named = "; ".join(_describe_event(*one) for one in added[:_MAX_NAMED])
    more = len(added) - _MAX_NAMED
    return f"{named}; and {more} more" if more > 0 else named


def _describe_event(more: int, index: int, event: _Event) -> str:
    times = f"{more} time{'s' if more > 1 else ''} more"
    where = f"{event.function} ({event.where}) {times}, first in epoch {index}"
    if isinstance(event, Compilation):
        return f"{where}, {'for another shape, without a trace' if event.recompiled else 'for the first time'}"
    if event.cause is None:
        return where
    advice = f" ({event.cause.advice})" if event.cause.advice else ""
    return f"{where}: {event.cause.text}{advice}"


def _compare_flops(passes: Lines, triple: Triple, tolerance: float) -> Iterator[Check]:
    """Compare the operations of each kind of epoch for which the base counted them."""
    works = {line.arm: line for line in passes.works}
    base, head = works.get(str(triple.base)), works.get(triple.head)
    lacking = f": {head.unavailable}" if head and head.unavailable else ""
    why = f"they were counted in the base but not in the head{lacking}"
    if base is None or not base.flops:
        yield Check(triple.name, FLOPS, None, NOT_MEASURED, why=base.unavailable if base else None)
    elif head is None or not head.flops:
        yield Check(triple.name, FLOPS, None, UNSURE, why=why)
    else:
        ran = {epoch.kind for piece in passes.slices if piece.arm == triple.head for epoch in piece.epochs}
        for kind, number in base.flops.items():
            if kind in head.flops:
                yield _compare_figures(triple, FLOPS, kind, number, head.flops[kind], tolerance)
            elif kind in ran:
                yield Check(triple.name, FLOPS, kind, UNSURE, number, why=why)
            else:
                yield Check(triple.name, FLOPS, kind, NOT_MEASURED, number, why="the head ran no such epochs")


def _compare_losses(passes: Lines, triple: Triple, wanted: str) -> Check:
    base_repeat = str(triple.again)
    found, null = losses(passes, triple.head, base_repeat), losses(passes, base_repeat, base_repeat)
    if null is None:
        why = "two runs of the base have no metric in common"
        return Check(triple.name, LOSSES, None, NOT_MEASURED, tolerance=wanted, why=why)
    if found is None:
        answer = OK if wanted == "any" else UNSURE
        return Check(triple.name, LOSSES, None, answer, tolerance=wanted, why="base and head have no metric in common")
    why = f"{found.verdict}, in {found.epochs} epochs"
    if found.same or wanted == "any":
        answer = OK
    elif not (null.same and found.repeatable):
        answer = UNSURE
    elif wanted == "rounding" and found.one_objective and found.at_first <= ROUNDING:
        answer = OK
    else:
        answer = REGRESSED
    return Check(triple.name, LOSSES, None, answer, tolerance=wanted, why=why)


def _compare_qualities(passes: Lines, triple: Triple, tolerance: float) -> Iterator[Check]:
    """Compare every metric that the base reports; lower is better."""
    found = {line.arm: line for line in passes.evaluations}
    base, base_repeat, head = (found.get(str(arm)) for arm in (triple.base, triple.again, triple.head))
    if base is None or base_repeat is None:
        yield Check(triple.name, QUALITY, None, NOT_MEASURED)
    elif head is None:
        yield Check(triple.name, QUALITY, None, UNSURE, why="the base has an evaluate(), the head has none")
    elif base.epochs != head.epochs:
        why = f"the base ran {base.epochs} epochs, the head {head.epochs}"
        yield Check(triple.name, QUALITY, None, UNSURE, why=why)
    else:
        for name in [name for name in base.metrics if name in base_repeat.metrics]:
            if name in head.metrics:
                yield _compare_quality(
                    triple, name, (base.metrics[name], base_repeat.metrics[name], head.metrics[name]), tolerance
                )
            else:
                yield Check(triple.name, QUALITY, name, UNSURE, base.metrics[name], why="the head does not report it")


def _compare_quality(triple: Triple, name: str, values: Sequence[float | None], tolerance: float) -> Check:
    base, base_repeat, head = values
    if base is None or base_repeat is None:
        return Check(triple.name, QUALITY, name, NOT_MEASURED, why="it is not finite in the base")
    if head is None:
        return Check(triple.name, QUALITY, name, REGRESSED, base, None, None, tolerance, "it is no longer finite")
    worst = max(base, base_repeat)
    if abs(base - base_repeat) > tolerance / 2 * abs(worst):
        why = f"two runs of the base differ in it: {rounding.number(base)} and {rounding.number(base_repeat)}"
        return Check(triple.name, QUALITY, name, UNSURE, base, head, None, tolerance, why)
    return _compare_figures(triple, QUALITY, name, worst, head, tolerance)


def _compare_figures(
    triple: Triple, metric: str, part: str | None, base: float, head: float, tolerance: float
) -> Check:
    """Compare two figures that have no noise."""
    ratio = Ratio(head / base) if base > 0 and head > 0 else None
    limit, gain = base + tolerance * abs(base), base - tolerance * abs(base)
    answer = REGRESSED if head > limit else IMPROVED if head < gain else OK
    return Check(triple.name, metric, part, answer, base, head, ratio, tolerance)
