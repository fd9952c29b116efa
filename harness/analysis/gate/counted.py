"""Compares what has no noise: counts, losses and quality, over the same epochs of base and head.

The base runs twice. If its two runs differ in a metric, the program is not deterministic in it, and the check is
unsure. What the base has and the head lacks is unsure too, since a gate must not pass on what it did not see.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from harness.analysis.comparison.losses import ROUNDING, Processes, relate
from harness.analysis.epochs.observed import explain_unobserved
from harness.analysis.epochs.prefix import pair_epochs
from harness.analysis.gate.check import IMPROVED, NOT_MEASURED, OK, REGRESSED, UNSURE, Check
from harness.analysis.gate.counted_arm import COUNTED, CountedArm, list_other_metrics
from harness.analysis.gate.reasons import Added, Reason, Why
from harness.analysis.metrics.base import Unit
from harness.analysis.metrics.registry import METRICS
from harness.analysis.stats.ratios import Ratio
from harness.plan.gate_rules import COMPILATIONS, FLOPS, LOSSES, QUALITY, TRACES, Triple
from harness.record import evidence
from harness.worker.wire.evidence import Compilation, Trace


def counts(triple: Triple, base: CountedArm, base_repeat: CountedArm, head: CountedArm) -> list[Check]:
    """Return a check for each gated metric of `triple`, whose arms are those of a pass, or stored runs."""
    arms = base, base_repeat, head
    allowed = triple.tolerances
    others = list_other_metrics(allowed)
    if not all(arm.completed for arm in arms):
        gated = [metric for metric in (*COUNTED, *others) if allowed[metric] is not None]
        why = Why(reason=Reason.NOT_COMPLETED)
        return [Check(variant=triple.name, metric=metric, answer=UNSURE, why=why) for metric in gated]
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
        why = Why.unavailable(arms[0].unavailable.get(metric))
        return Check(variant=triple.name, metric=metric, answer=NOT_MEASURED, why=why)
    if head is None:
        lacking = Why.unavailable(arms[2].unavailable.get(metric)) or Why(reason=Reason.ONLY_IN_BASE)
        return Check(variant=triple.name, metric=metric, answer=UNSURE, base=base, why=lacking)
    if base != base_repeat:
        differ = Why(reason=Reason.BASE_RUNS_DIFFER, numbers=(base, base_repeat))
        return Check(variant=triple.name, metric=metric, answer=UNSURE, base=base, head=head, why=differ)
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
        return Check(variant=triple.name, metric=metric, answer=NOT_MEASURED, why=Why.unavailable(base_unseen))
    pairs = pair_epochs(head_arm.epochs, base_arm.epochs)
    if head_unseen or not pairs:
        why = Why.unavailable(head_unseen) or Why(reason=Reason.NO_COMMON_EPOCH)
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
    why = Why(reason=Reason.COUNTED, epochs=len(pairs))
    if len(base) != len(base_repeat):
        answer = UNSURE
        why = Why(reason=Reason.BASE_RUNS_DIFFER, numbers=(len(base), len(base_repeat)), epochs=len(pairs))
    elif len(head) > len(base) + tolerance:
        answer = REGRESSED
        why = Why(reason=Reason.COUNTED, epochs=len(pairs), added=tuple(_find_added_events(base, head)))
    else:
        answer = IMPROVED if len(head) < len(base) else OK
    return Check(
        variant=triple.name,
        metric=metric,
        answer=answer,
        base=len(base),
        head=len(head),
        tolerance=tolerance,
        why=why,
    )


def _find_added_events(base: Sequence[tuple[int, _Event]], head: Sequence[tuple[int, _Event]]) -> list[Added]:
    """Return the events that occur more often in `head` than in `base`, the most frequent first. Events are matched by
    function and cause, since line numbers change with every edit."""
    before = Counter(_get_event_key(event) for _, event in base)
    found: list[Added] = []
    now: dict[tuple[str, str | bool | None], list[tuple[int, _Event]]] = {}
    for index, event in head:
        now.setdefault(_get_event_key(event), []).append((index, event))
    for kind, events in now.items():
        more = len(events) - before[kind]
        if more > 0:
            index, event = events[len(events) - more]
            found.append(Added(more, index, event))
    return sorted(found, key=lambda one: -one.more)


def _get_event_key(event: _Event) -> tuple[str, str | bool | None]:
    if isinstance(event, Trace):
        return event.function, event.cause.kind if event.cause else None
    return event.function, event.recompiled


def _compare_flops(triple: Triple, base: CountedArm, head: CountedArm, tolerance: float) -> Iterator[Check]:
    """Compare the operations of each kind of epoch for which the base counted them."""
    why = Why(reason=Reason.ONLY_IN_BASE, detail=head.flops_unavailable)
    if not base.flops:
        unavailable = Why.unavailable(base.flops_unavailable)
        yield Check(variant=triple.name, metric=FLOPS, answer=NOT_MEASURED, why=unavailable)
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
                never = Why(reason=Reason.NO_SUCH_EPOCH)
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
        answer, why = NOT_MEASURED, Why(reason=Reason.NO_LOSS_IN_BASE)
    elif found is None:
        answer, why = OK if wanted == "any" else UNSURE, Why(reason=Reason.NO_COMMON_LOSS)
    else:
        why = Why(reason=Reason.LOSSES, losses=found)
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
        why = Why(reason=Reason.NO_EVALUATION)
        yield Check(variant=triple.name, metric=QUALITY, answer=UNSURE, why=why)
    elif base.evaluated_after != head.evaluated_after:
        why = Why(reason=Reason.OTHER_LENGTH, numbers=(base.evaluated_after, head.evaluated_after))
        yield Check(variant=triple.name, metric=QUALITY, answer=UNSURE, why=why)
    else:
        for name, value in base.quality.items():
            if name not in base_repeat.quality:
                continue
            if name in head.quality:
                values = value, base_repeat.quality[name], head.quality[name]
                yield _compare_quality(triple, name, values, tolerance)
            else:
                why = Why(reason=Reason.NOT_REPORTED)
                yield Check(variant=triple.name, metric=QUALITY, part=name, answer=UNSURE, base=value, why=why)


def _compare_quality(triple: Triple, name: str, values: Sequence[float | None], tolerance: float) -> Check:
    base, base_repeat, head = values
    if base is None or base_repeat is None:
        why = Why(reason=Reason.NOT_FINITE_IN_BASE)
        return Check(variant=triple.name, metric=QUALITY, part=name, answer=NOT_MEASURED, why=why)
    if head is None:
        return Check(
            variant=triple.name,
            metric=QUALITY,
            part=name,
            answer=REGRESSED,
            base=base,
            tolerance=tolerance,
            why=Why(reason=Reason.NOT_FINITE_IN_HEAD),
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
            why=Why(reason=Reason.BASE_RUNS_DIFFER, numbers=(base, base_repeat)),
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
