"""Compares what has no noise: counts, losses and quality, over the same epochs of base and head.

The base runs twice. If its two runs differ in a metric, the program is not deterministic in it, and the check is
unsure. What the base has and the head lacks is unsure too, since a gate must not pass on what it did not see.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from harness import rounding
from harness.analysis.comparison.losses import ROUNDING, Processes, relate
from harness.analysis.epochs.observed import explain_unobserved
from harness.analysis.epochs.prefix import pair_epochs
from harness.analysis.gate.check import IMPROVED, NOT_COMPLETED, NOT_MEASURED, OK, REGRESSED, UNSURE, Check
from harness.analysis.gate.counted_arm import COUNTED, CountedArm, list_other_metrics
from harness.analysis.metrics.base import Unit
from harness.analysis.metrics.registry import METRICS
from harness.analysis.stats.ratios import Ratio
from harness.plan.gate_rules import COMPILATIONS, FLOPS, LOSSES, QUALITY, TRACES, Triple
from harness.record import evidence
from harness.worker.wire.evidence import Compilation, Trace

_MAX_NAMED = 3
"""The largest number of functions that a sentence names."""


def counts(triple: Triple, base: CountedArm, base_repeat: CountedArm, head: CountedArm) -> list[Check]:
    """Return a check for each gated metric of `triple`, whose arms are those of a pass, or stored runs."""
    arms = base, base_repeat, head
    allowed = triple.tolerances
    others = list_other_metrics(allowed)
    if not all(arm.completed for arm in arms):
        gated = [metric for metric in (*COUNTED, *others) if allowed[metric] is not None]
        return [Check(variant=triple.name, metric=metric, answer=UNSURE, why=NOT_COMPLETED) for metric in gated]
    found: list[Check] = []
    for events in (TRACES, COMPILATIONS):
        if allowed[events] is not None:
            found.append(_compare_events(triple, arms, events, allowed[events]))
    if allowed[FLOPS] is not None:
        found += _compare_flops(triple, base, head, allowed[FLOPS])
    if allowed[LOSSES] is not None:
        found.append(_compare_losses(triple, arms, allowed[LOSSES]))
    if allowed[QUALITY] is not None:
        found += _compare_qualities(triple, arms, allowed[QUALITY])
    return found + [_compare_other_metric(triple, arms, metric) for metric in others]


_Arms = tuple[CountedArm, CountedArm, CountedArm]
"""The base, its repeat and the head."""


def _compare_other_metric(triple: Triple, arms: _Arms, metric: str) -> Check:
    """Compare a metric without a comparison of its own; lower is better."""
    base, base_repeat, head = (arm.figures.get(metric) for arm in arms)
    if base is None or base_repeat is None:
        why = arms[0].unavailable.get(metric)
        return Check(variant=triple.name, metric=metric, answer=NOT_MEASURED, why=why)
    if head is None:
        why = arms[2].unavailable.get(metric) or "it was measured in the base but not in the head"
        return Check(variant=triple.name, metric=metric, answer=UNSURE, base=base, why=why)
    if base != base_repeat:
        why = f"two runs of the base differ in it: {rounding.number(base)} and {rounding.number(base_repeat)}"
        return Check(variant=triple.name, metric=metric, answer=UNSURE, base=base, head=head, why=why)
    tolerance = triple.tolerances[metric]
    if METRICS[metric].unit == Unit.COUNT:
        more = head - base
        answer = REGRESSED if more > tolerance else IMPROVED if more < 0 else OK
        return Check(variant=triple.name, metric=metric, answer=answer, base=base, head=head, tolerance=tolerance)
    return _compare_figures(triple, metric, None, base, head, tolerance)


_Event = Trace | Compilation


def _compare_events(triple: Triple, arms: _Arms, metric: str, tolerance: int) -> Check:
    """Compare traces or compilations, over the epochs that base and head both ran from the first on."""
    base_arm, repeat_arm, head_arm = arms
    base_unseen, head_unseen = (explain_unobserved(arm.epochs, arm.unavailable, metric) for arm in (base_arm, head_arm))
    if base_unseen:
        return Check(variant=triple.name, metric=metric, answer=NOT_MEASURED, why=base_unseen)
    pairs = pair_epochs(head_arm.epochs, base_arm.epochs)
    if head_unseen or not pairs:
        why = head_unseen or "base and head have no epoch in common"
        return Check(variant=triple.name, metric=metric, answer=UNSURE, why=why)
    repeat_pairs = pair_epochs(repeat_arm.epochs, base_arm.epochs)[: len(pairs)]
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
    return Check(
        variant=triple.name,
        metric=metric,
        answer=answer,
        base=len(base),
        head=len(head),
        tolerance=tolerance,
        why=why,
    )


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


def _compare_flops(triple: Triple, base: CountedArm, head: CountedArm, tolerance: float) -> Iterator[Check]:
    """Compare the operations of each kind of epoch for which the base counted them."""
    lacking = f": {head.flops_unavailable}" if head.flops_unavailable else ""
    why = f"they were counted in the base but not in the head{lacking}"
    if not base.flops:
        yield Check(variant=triple.name, metric=FLOPS, answer=NOT_MEASURED, why=base.flops_unavailable)
    elif not head.flops:
        yield Check(variant=triple.name, metric=FLOPS, answer=UNSURE, why=why)
    else:
        ran = {epoch.kind for epoch in head.epochs}
        for kind, number in base.flops.items():
            if kind in head.flops:
                yield _compare_figures(triple, FLOPS, kind, number, head.flops[kind], tolerance)
            elif kind in ran:
                yield Check(variant=triple.name, metric=FLOPS, part=kind, answer=UNSURE, base=number, why=why)
            else:
                never = "the head ran no such epochs"
                yield Check(variant=triple.name, metric=FLOPS, part=kind, answer=NOT_MEASURED, base=number, why=never)


def _compare_losses(triple: Triple, arms: _Arms, wanted: str) -> Check:
    base, base_repeat, head = arms
    own_pairs = [pair_epochs(base_repeat.epochs, base.epochs)]
    found, null = (
        relate(
            Processes(
                arm=arm.label,
                baseline=base.label,
                pairs=[pair_epochs(arm.epochs, base.epochs)],
                own_pairs=own_pairs,
                terms=arm.terms,
                baseline_terms=[*base.terms, *base_repeat.terms],
            )
        )
        for arm in (head, base_repeat)
    )
    if null is None:
        answer, why = NOT_MEASURED, "two runs of the base have no metric in common"
    elif found is None:
        answer, why = OK if wanted == "any" else UNSURE, "base and head have no metric in common"
    else:
        why = f"{found.text}, in {found.epochs} epochs"
        if found.same or wanted == "any":
            answer = OK
        elif not (null.same and found.repeatable):
            answer = UNSURE
        elif wanted == "rounding" and found.one_objective and found.at_first <= ROUNDING:
            answer = OK
        else:
            answer = REGRESSED
    return Check(variant=triple.name, metric=LOSSES, answer=answer, tolerance=wanted, why=why)


def _compare_qualities(triple: Triple, arms: _Arms, tolerance: float) -> Iterator[Check]:
    """Compare every metric that the base reports; lower is better."""
    base, base_repeat, head = arms
    if not base.quality or not base_repeat.quality:
        yield Check(variant=triple.name, metric=QUALITY, answer=NOT_MEASURED)
    elif not head.quality:
        why = "the base has an evaluate(), the head has none"
        yield Check(variant=triple.name, metric=QUALITY, answer=UNSURE, why=why)
    elif base.evaluated_after != head.evaluated_after:
        why = f"the base ran {base.evaluated_after} epochs, the head {head.evaluated_after}"
        yield Check(variant=triple.name, metric=QUALITY, answer=UNSURE, why=why)
    else:
        for name, value in base.quality.items():
            if name not in base_repeat.quality:
                continue
            if name in head.quality:
                values = value, base_repeat.quality[name], head.quality[name]
                yield _compare_quality(triple, name, values, tolerance)
            else:
                why = "the head does not report it"
                yield Check(variant=triple.name, metric=QUALITY, part=name, answer=UNSURE, base=value, why=why)


def _compare_quality(triple: Triple, name: str, values: Sequence[float | None], tolerance: float) -> Check:
    base, base_repeat, head = values
    if base is None or base_repeat is None:
        why = "it is not finite in the base"
        return Check(variant=triple.name, metric=QUALITY, part=name, answer=NOT_MEASURED, why=why)
    if head is None:
        return Check(
            variant=triple.name,
            metric=QUALITY,
            part=name,
            answer=REGRESSED,
            base=base,
            tolerance=tolerance,
            why="it is no longer finite",
        )
    worst = max(base, base_repeat)
    if abs(base - base_repeat) > tolerance / 2 * abs(worst):
        return Check(
            variant=triple.name,
            metric=QUALITY,
            part=name,
            answer=UNSURE,
            base=base,
            head=head,
            tolerance=tolerance,
            why=f"two runs of the base differ in it: {rounding.number(base)} and {rounding.number(base_repeat)}",
        )
    return _compare_figures(triple, QUALITY, name, worst, head, tolerance)


def _compare_figures(
    triple: Triple, metric: str, part: str | None, base: float, head: float, tolerance: float
) -> Check:
    """Compare two figures that have no noise."""
    ratio = Ratio(head / base) if base > 0 and head > 0 else None
    limit, gain = base + tolerance * abs(base), base - tolerance * abs(base)
    answer = REGRESSED if head > limit else IMPROVED if head < gain else OK
    return Check(
        variant=triple.name,
        metric=metric,
        part=part,
        answer=answer,
        base=base,
        head=head,
        ratio=ratio,
        tolerance=tolerance,
    )
