"""The results of whole trainings: after equal epochs, after equal time, at their own end, and when they reach a target.

The unit is the seed: a training from its first epoch to its last in a process of its own. Errors differ by factors
between seeds, so a metric is averaged by its logarithm, with Student's t interval; times to a target are ranked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log
from statistics import median, median_low

from harness.analysis.stats import medians
from harness.analysis.stats.medians import Median
from harness.analysis.stats.ratios import Ratio, interval
from harness.analysis.training.curves import Checkpoint, Training, trainings
from harness.analysis.training.seeds import vary
from harness.plan.plan import Target
from harness.record.lines import Lines

FEWEST_SEEDS = 3
"""The number of trainings below which a metric has no interval. Student's t interval of two logarithms is 12.7 times as
wide as they lie apart: two errors that differ by a factor of 20 would give one from 5e-9 to 2e8 times their mean. The
two values themselves say more."""


@dataclass(frozen=True)
class Quality:
    """One metric over several trainings. A mean is None unless the metric was finite in all of them."""

    mean: float | None
    geometric_mean: Ratio | None
    """With Student's t interval of the logarithms from `FEWEST_SEEDS` trainings on. It is 0, without an interval, if
    one value is 0, and None if one is negative."""
    trainings: int
    not_finite: int
    """The number of trainings in which it was not finite."""
    lowest: float | None = None
    """The lowest of its values; None if it was not finite in all trainings."""
    highest: float | None = None
    """The highest of its values."""


@dataclass(frozen=True)
class Standing:
    """The standing of an arm, over the seeds that got that far, each at a checkpoint of its own."""

    epochs: int
    """The median over these seeds (for an even number, the lower one of the middle two)."""
    seconds: float
    """The median over these seeds."""
    metrics: dict[str, Quality]


@dataclass(frozen=True)
class At:
    """The standing of an arm at the last checkpoint within a limit that all arms share."""

    limit: float
    standing: Standing | None
    """None if no training of the arm got that far."""


@dataclass(frozen=True, kw_only=True)
class ToTarget:
    """When a metric was first evaluated at or below a value. A training that ended before that never reached it."""

    metric: str
    value: float
    reached: int
    """The number of trainings that reached it."""
    trainings: int
    """The number of trainings that ended, successfully or not."""
    seconds: Median | None
    """None, like `epochs`, if no training has ended."""
    epochs: Median | None


@dataclass(frozen=True)
class Trained:
    """A summary of one training."""

    seed: int
    status: str
    epochs: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Convergence:
    """The results of one arm's trainings. The epochs of a reference are not a training: each is a result of its own."""

    reference: bool
    trainings: list[Trained]
    ignores_seed: bool
    """Whether all completed trainings, of two seeds or more, had the same metrics in every evaluation, and these are
    not the same in all evaluations, which would say nothing."""
    curve: list[Standing]
    """The standing at each checkpoint, over the seeds that got there."""
    final: Standing | None
    """The standing at the end of the completed trainings; if none was completed, as far as they got."""
    equal_epochs: At | None
    """The standing after as many epochs as the shortest training has."""
    equal_time: At | None
    """The standing after as many seconds as the fastest training took."""
    to_target: ToTarget | None
    """None without a target."""


@dataclass(frozen=True)
class _Limits:
    epochs: int
    seconds: float


def convergence(record: Lines) -> dict[str, Convergence]:
    """Return the results of every arm's trainings, by the arm's label."""
    plan = record.plan
    found = {arm.label: trainings(record, arm.label) for arm in record.arms}
    limits = _find_limits([own for arm, own in found.items() if arm not in plan.references])
    return {arm: _summarize_arm(own, arm in plan.references, limits, plan.target) for arm, own in found.items()}


def quality(values: Sequence[float | None]) -> Quality:
    """Summarise one metric over trainings. A value that is not finite is not left out: it makes every mean None."""
    finite = [value for value in values if value is not None]
    if len(finite) < len(values) or not finite:
        return Quality(None, None, len(values), len(values) - len(finite))
    geometric = None
    if min(finite) > 0:
        logs = [log(value) for value in finite]
        geometric = interval(logs) if len(logs) >= FEWEST_SEEDS else Ratio(exp(sum(logs) / len(logs)))
    elif min(finite) == 0:
        geometric = Ratio(0.0)
    mean = sum(value / len(finite) for value in finite)
    return Quality(mean, geometric, len(values), 0, min(finite), max(finite))


def to_target(own: Sequence[Training], target: Target) -> ToTarget:
    """Return when trainings reached a target. A training that was cut off by the end of the run does not show this, and
    is left out."""
    ended = [training for training in own if training.status != "cut off"]
    firsts = [training.first_at_most(target.metric, target.value) for training in ended]
    seconds = [inf if first is None else first.seconds for first in firsts]
    epochs = [inf if first is None else first.epochs for first in firsts]
    return ToTarget(
        metric=target.metric,
        value=target.value,
        reached=sum(first is not None for first in firsts),
        trainings=len(ended),
        seconds=medians.median(seconds) if ended else None,
        epochs=medians.median(epochs) if ended else None,
    )


def _summarize_arm(
    own: Sequence[Training], reference: bool, limits: _Limits | None, target: Target | None
) -> Convergence:
    checkpoints = sorted({point.epochs for training in own for point in training.checkpoints})
    curve = [_compute_standing([training.at_epochs(epochs) for training in own]) for epochs in checkpoints]
    return Convergence(
        reference=reference,
        trainings=[Trained(one.seed, one.status, one.epochs, one.seconds) for one in own],
        ignores_seed=_are_the_same(own),
        curve=[standing for standing in curve if standing],
        final=_compute_standing([training.checkpoints[-1] for training in _select_completed(own)]),
        equal_epochs=At(limits.epochs, _compute_standing([one.at_epochs(limits.epochs) for one in own]))
        if limits
        else None,
        equal_time=At(limits.seconds, _compute_standing([one.at_seconds(limits.seconds) for one in own]))
        if limits
        else None,
        to_target=to_target(own, target) if target else None,
    )


def _are_the_same(own: Sequence[Training]) -> bool:
    curves = [
        [(point.epochs, point.metrics) for point in training.checkpoints]
        for training in own
        if training.status == "ok" and training.checkpoints
    ]
    same = len(curves) > 1 and all(curve == curves[0] for curve in curves)
    return same and vary(metrics for _, metrics in curves[0])


def _select_completed(own: Sequence[Training]) -> list[Training]:
    """Return the completed trainings; if there are none, all that began and were evaluated."""
    evaluated = [training for training in own if training.checkpoints]
    return [training for training in evaluated if training.status == "ok"] or evaluated


def _find_limits(arms: Sequence[Sequence[Training]]) -> _Limits | None:
    """Return the limits at which all arms can be compared. An arm that completed no training sets no limit for the
    others."""
    completed = [[training for training in own if training.status == "ok"] for own in arms]
    setting = [own for own in completed if own] or [done for own in arms if (done := _select_completed(own))]
    if not setting:
        return None
    return _Limits(
        epochs=min(training.epochs for own in setting for training in own),
        seconds=min(median(training.seconds for training in own) for own in setting),
    )


def _compute_standing(points: Sequence[Checkpoint | None]) -> Standing | None:
    there = [point for point in points if point is not None]
    if not there:
        return None
    names = dict.fromkeys(name for point in there for name in point.metrics)
    return Standing(
        epochs=median_low(point.epochs for point in there),
        seconds=median(point.seconds for point in there),
        metrics={name: quality([point.metrics[name] for point in there if name in point.metrics]) for name in names},
    )
