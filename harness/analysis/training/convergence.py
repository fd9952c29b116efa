"""What whole trainings come to: at equal epochs, at equal time, at their own end, and when they reach a target.

The unit is the seed: a training from its first epoch to its last in a process of its own. Errors differ by factors
between seeds, so a metric is averaged by its logarithm, with Student's t interval; times to a target are ranked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log
from statistics import median, median_low

from harness.analysis.stats import medians
from harness.analysis.stats.medians import Median
from harness.analysis.stats.ratios import Ratio, interval
from harness.analysis.training.curves import Checkpoint, Training, trainings
from harness.plan.plan import Target
from harness.record.lines import Lines


@dataclass(frozen=True)
class Quality:
    """One metric over some trainings; null means where it was not finite in all of them."""

    mean: float | None
    geometric_mean: Ratio | None
    """With Student's t interval of the logarithms; without, from one training, or where one is zero, and so is this.
    Null where one is negative."""
    trainings: int
    not_finite: int
    """In how many of those it was not finite."""


@dataclass(frozen=True)
class Standing:
    """Where an arm stood over those of its seeds that got there, each at a checkpoint of its own."""

    epochs: int
    """The median over them (of an even number, the lower one of the middle two)."""
    seconds: float
    """The median over them."""
    metrics: dict[str, Quality]


@dataclass(frozen=True)
class At:
    """Where an arm stood at the last checkpoint that is not beyond a limit which all arms share."""

    limit: float
    standing: Standing | None
    """Null where no training of it got that far."""


@dataclass(frozen=True)
class ToTarget:
    """When a metric was first seen at or below a value. A training that ended before it was never got there."""

    metric: str
    value: float
    reached: int
    """Trainings that got there,"""
    trainings: int
    """of so many that ended, whether well or not."""
    seconds: Median | None
    """Null, as `epochs` is, where none has ended."""
    epochs: Median | None


@dataclass(frozen=True)
class Trained:
    """One training in short."""

    seed: int
    status: str
    epochs: int
    seconds: float


@dataclass(frozen=True)
class Convergence:
    """What one arm's trainings come to. A reference's epochs are no training: each stands for itself."""

    reference: bool
    trainings: list[Trained]
    curve: list[Standing]
    """Over the seeds that got there, checkpoint by checkpoint."""
    final: Standing | None
    """At the end of the trainings that were completed; if none was, as far as they got."""
    equal_epochs: At | None
    """At the length of the shortest training."""
    equal_time: At | None
    """In seconds, those after which the quickest training was over."""
    to_target: ToTarget | None
    """Null where nobody named a target."""


@dataclass(frozen=True)
class _Limits:
    epochs: int
    seconds: float


def convergence(record: Lines) -> dict[str, Convergence]:
    """What every arm's trainings come to, by the arm's label."""
    plan = record.plan
    found = {arm.label: trainings(record, arm.label) for arm in plan.arms}
    limits = _limits([own for arm, own in found.items() if arm not in plan.references])
    return {arm: _of_one(own, arm in plan.references, limits, plan.target) for arm, own in found.items()}


def quality(values: Sequence[float | None]) -> Quality:
    """One metric over trainings. One that is not finite makes every mean of them so, and is not left out of it."""
    finite = [value for value in values if value is not None]
    if len(finite) < len(values) or not finite:
        return Quality(None, None, len(values), len(values) - len(finite))
    geometric = None
    if min(finite) > 0:
        geometric = interval([log(value) for value in finite])
    elif min(finite) == 0:
        geometric = Ratio(0.0)
    return Quality(sum(value / len(finite) for value in finite), geometric, len(values), 0)


def to_target(own: Sequence[Training], target: Target) -> ToTarget:
    """When trainings got to a target. One that the run's end cut off says nothing of that, and is left out."""
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


def _of_one(own: Sequence[Training], reference: bool, limits: _Limits | None, target: Target | None) -> Convergence:
    checkpoints = sorted({point.epochs for training in own for point in training.checkpoints})
    curve = [_standing([training.at_epochs(epochs) for training in own]) for epochs in checkpoints]
    return Convergence(
        reference=reference,
        trainings=[Trained(one.seed, one.status, one.epochs, one.seconds) for one in own],
        curve=[standing for standing in curve if standing],
        final=_standing([training.checkpoints[-1] for training in _completed(own)]),
        equal_epochs=At(limits.epochs, _standing([one.at_epochs(limits.epochs) for one in own])) if limits else None,
        equal_time=At(limits.seconds, _standing([one.at_seconds(limits.seconds) for one in own])) if limits else None,
        to_target=to_target(own, target) if target else None,
    )


def _completed(own: Sequence[Training]) -> list[Training]:
    """The trainings that were completed; if none was, all that were begun and evaluated."""
    evaluated = [training for training in own if training.checkpoints]
    return [training for training in evaluated if training.status == "ok"] or evaluated


def _limits(arms: Sequence[Sequence[Training]]) -> _Limits | None:
    """Where all arms can be held against each other. An arm that completed no training sets no limit to the others."""
    completed = [[training for training in own if training.status == "ok"] for own in arms]
    setting = [own for own in completed if own] or [done for own in arms if (done := _completed(own))]
    if not setting:
        return None
    return _Limits(
        epochs=min(training.epochs for own in setting for training in own),
        seconds=min(median(training.seconds for training in own) for own in setting),
    )


def _standing(points: Sequence[Checkpoint | None]) -> Standing | None:
    there = [point for point in points if point is not None]
    if not there:
        return None
    names = dict.fromkeys(name for point in there for name in point.metrics)
    return Standing(
        epochs=median_low(point.epochs for point in there),
        seconds=median(point.seconds for point in there),
        metrics={name: quality([point.metrics[name] for point in there if name in point.metrics]) for name in names},
    )
