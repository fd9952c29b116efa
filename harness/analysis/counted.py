"""What a gate compares without noise: counts, losses and quality, over the same epochs of base and head.

The base ran twice. Where its two runs do not agree, the program is not deterministic in that, and nothing is said.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from harness.analysis.effects import Ratio
from harness.analysis.gated import IMPROVED, NOT_MEASURED, OK, REGRESSED, UNSURE, Check
from harness.analysis.losses import ROUNDING, losses
from harness.analysis.prefix import common_prefixes
from harness.gate_rules import COMPILATIONS, FLOPS, LOSSES, QUALITY, TRACES, Triple
from harness.lines import Compile, Trace
from harness.record import Record

COUNTED = TRACES, COMPILATIONS, FLOPS, LOSSES, QUALITY
_MOST_NAMED = 3
"""Functions that a sentence names."""


def counts(passes: Record, triple: Triple) -> list[Check]:
    """A check for each metric that is gated; of the record `triples.counted`."""
    allowed = triple.tolerances
    if {end.arm for end in passes.ends if end.status == "ok"} < set(triple.arms):
        gated = [metric for metric in COUNTED if getattr(allowed, metric) is not None]
        why = "the pass that counts it was not completed"
        return [Check(triple.name, metric, None, UNSURE, why=why) for metric in gated]
    found: list[Check] = []
    if allowed.traces is not None:
        found.append(_events(passes, triple, TRACES, allowed.traces))
    if allowed.compilations is not None:
        found.append(_events(passes, triple, COMPILATIONS, allowed.compilations))
    if allowed.flops is not None:
        found += _flops(passes, triple, allowed.flops)
    if allowed.losses is not None:
        found.append(_losses(passes, triple, allowed.losses))
    if allowed.quality is not None:
        found += _qualities(passes, triple, allowed.quality)
    return found


Event = Trace | Compile


def _events(passes: Record, triple: Triple, metric: str, tolerance: int) -> Check:
    """Tracings or compilations, over the epochs that base and head both ran from the first on."""
    unseen = next((why for arm in triple.arms if (why := passes.unavailable(arm).get(metric))), None)
    pairs = max(common_prefixes(passes, triple.head), key=len, default=[])
    if unseen or not pairs:
        return Check(triple.name, metric, None, NOT_MEASURED, why=unseen)
    nulls = max(common_prefixes(passes, str(triple.again)), key=len, default=[])[: len(pairs)]
    head, base, again = (
        [(epoch.index, event) for epoch in run for event in (epoch.traces if metric == TRACES else epoch.compiles)]
        for run in ([own for own, _ in pairs], [own for _, own in pairs], [own for own, _ in nulls])
    )
    epochs = f"{len(pairs)} epochs"
    if len(base) != len(again):
        why = f"two runs of the base differ in it: {len(base)} and {len(again)} in {epochs}"
        answer = UNSURE
    elif len(head) > len(base) + tolerance:
        why, answer = f"in {epochs}: {_named(_added(base, head))}", REGRESSED
    else:
        why, answer = f"in {epochs}", IMPROVED if len(head) < len(base) else OK
    return Check(triple.name, metric, None, answer, len(base), len(head), None, tolerance, why)


def _added(base: Sequence[tuple[int, Event]], head: Sequence[tuple[int, Event]]) -> list[tuple[int, int, Event]]:
    """Those of `head` that `base` has fewer of, with how many more and the epoch of the first: by function and cause,
    since line numbers change with every edit."""
    before = Counter(_sort(event) for _, event in base)
    found: list[tuple[int, int, Event]] = []
    now: dict[tuple[str, str | bool | None], list[tuple[int, Event]]] = {}
    for index, event in head:
        now.setdefault(_sort(event), []).append((index, event))
    for sort, events in now.items():
        more = len(events) - before[sort]
        if more > 0:
            index, event = events[len(events) - more]
            found.append((more, index, event))
    return sorted(found, key=lambda one: -one[0])


def _sort(event: Event) -> tuple[str, str | bool | None]:
    if isinstance(event, Trace):
        return event.function, event.cause.sort if event.cause else None
    return event.function, event.again


def _named(added: Sequence[tuple[int, int, Event]]) -> str:
    """Which functions, where, and why."""
    named = "; ".join(_sentence(*one) for one in added[:_MOST_NAMED])
    more = len(added) - _MOST_NAMED
    return f"{named}; and {more} more" if more > 0 else named


def _sentence(more: int, index: int, event: Event) -> str:
    times = f"{more} time{'s' if more > 1 else ''} more"
    where = f"{event.function} ({event.where}) {times}, first in epoch {index}"
    if isinstance(event, Compile):
        return f"{where}, {'for another shape, without a tracing' if event.again else 'for the first time'}"
    if event.cause is None:
        return where
    advice = f" ({event.cause.advice})" if event.cause.advice else ""
    return f"{where}: {event.cause.text}{advice}"


def _flops(passes: Record, triple: Triple, tolerance: float) -> Iterator[Check]:
    """The operations of each kind of epoch for which both counted them."""
    works = {line.arm: line for line in passes.works}
    base, head = works.get(str(triple.base)), works.get(triple.head)
    kinds = [kind for kind in base.flops if kind in head.flops] if base and head else []
    if not kinds:
        why = next((work.unavailable for work in (base, head) if work and work.unavailable), None)
        yield Check(triple.name, FLOPS, None, NOT_MEASURED, why=why)
    for kind in kinds:
        assert base is not None
        assert head is not None
        yield _figures(triple, FLOPS, kind, base.flops[kind], head.flops[kind], tolerance)


def _losses(passes: Record, triple: Triple, wanted: str) -> Check:
    found, null = losses(passes, triple.head), losses(passes, str(triple.again))
    if found is None or null is None:
        why = "they report no losses in common"
        return Check(triple.name, LOSSES, None, NOT_MEASURED, tolerance=wanted, why=why)
    why = f"{found.verdict}, in {found.epochs} epochs"
    if found.same or wanted == "any":
        answer = OK
    elif not null.same:
        answer, why = UNSURE, f"two runs of the base differ in them: {null.verdict}"
    elif wanted == "rounding" and found.one_objective and found.at_first <= ROUNDING:
        answer = OK
    else:
        answer = REGRESSED
    return Check(triple.name, LOSSES, None, answer, tolerance=wanted, why=why)


def _qualities(passes: Record, triple: Triple, tolerance: float) -> Iterator[Check]:
    """Every metric that base and head both have, lower being better."""
    found = {line.arm: line for line in passes.evaluations}
    base, again, head = (found.get(str(arm)) for arm in (triple.base, triple.again, triple.head))
    if base is None or again is None or head is None:
        yield Check(triple.name, QUALITY, None, NOT_MEASURED)
        return
    if base.epochs != head.epochs:
        why = f"the base ran {base.epochs} epochs, the head {head.epochs}"
        yield Check(triple.name, QUALITY, None, NOT_MEASURED, why=why)
        return
    for name in [name for name in base.metrics if name in head.metrics and name in again.metrics]:
        yield _quality(triple, name, (base.metrics[name], again.metrics[name], head.metrics[name]), tolerance)


def _quality(triple: Triple, name: str, values: Sequence[float | None], tolerance: float) -> Check:
    base, again, head = values
    if base is None or again is None:
        return Check(triple.name, QUALITY, name, NOT_MEASURED, why="it is not finite in the base")
    if head is None:
        return Check(triple.name, QUALITY, name, REGRESSED, base, None, None, tolerance, "it is not finite any more")
    worst = max(base, again)
    if abs(base - again) > tolerance / 2 * abs(worst):
        why = f"two runs of the base differ in it: {base:.4g} and {again:.4g}"
        return Check(triple.name, QUALITY, name, UNSURE, base, head, None, tolerance, why)
    return _figures(triple, QUALITY, name, worst, head, tolerance)


def _figures(triple: Triple, metric: str, part: str | None, base: float, head: float, tolerance: float) -> Check:
    """Two figures without noise."""
    ratio = Ratio(head / base) if base > 0 and head > 0 else None
    limit, gain = base + tolerance * abs(base), base - tolerance * abs(base)
    answer = REGRESSED if head > limit else IMPROVED if head < gain else OK
    return Check(triple.name, metric, part, answer, base, head, ratio, tolerance)
