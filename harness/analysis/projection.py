"""What a whole schedule costs, from the epochs that were sampled."""

from collections import Counter
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
import pandas as pd
from scipy import stats

from harness.analysis.effects import by_kind
from harness.analysis.epochs import in_turns, usable
from harness.analysis.levels import ERROR
from harness.lines import Description
from harness.record import Record


@dataclass(frozen=True)
class Seconds:
    """A duration and the 95 % interval for one more training like it; no interval from a single block."""

    estimate: float
    low: float | None = None
    high: float | None = None


def schedule_logs(record: Record, epochs: pd.DataFrame, arm: str) -> list[float]:
    """The log-ratio of the cost of `arm`'s whole schedule to the baseline's, by block; none where they took no turns.

    Kinds that both have are related round by round; one that only `arm` has costs what it was seen to cost.
    """
    baseline = record.plan.baseline
    mine = usable(record, epochs, arm)
    effects = by_kind(mine, arm, baseline, record.plan.tolerance)
    logs = []
    for (block, group), here in mine.groupby(["block", "group"]):
        if not {arm, baseline} <= set(in_turns(here)["arm"]):
            continue
        schedules = _schedules(record, here, block, group)
        reference, own = (_Costs(here, label, schedules[label]) for label in (baseline, arm))
        for kind in own.counts:
            if (block, group, kind) in effects.index:
                own.steady[kind] = reference.steady[kind] * exp(effects[block, group, kind])
        if reference.total and own.total:
            logs.append(log(own.total / reference.total))
    return logs


def schedule_seconds(record: Record, epochs: pd.DataFrame, arm: str) -> Seconds | None:
    """What one training of `arm` takes; None where some kind of its epochs was never measured.

    The interval is for one more process: t s sqrt(1 + 1/K) on the logarithms over K blocks.
    """
    mine = usable(record, epochs, arm)
    mine = mine[mine["block"].isin(mine.loc[mine["arm"] == arm, "block"])]
    totals: dict[int, list[float]] = {}
    for (block, group), here in mine.groupby(["block", "group"]):
        schedule = _schedules(record, here, block, group).get(arm)
        total = _Costs(here, arm, schedule).total if schedule else None
        if total:
            totals.setdefault(block, []).append(total)
    if not totals:
        return None
    logs = [log(np.mean(of_groups)) for of_groups in totals.values()]
    middle = float(np.mean(logs))
    if len(logs) == 1:
        return Seconds(exp(middle))
    blocks = len(logs)
    half = float(stats.t.ppf(1 - ERROR / 2, blocks - 1) * np.std(logs, ddof=1) * sqrt(1 + 1 / blocks))
    return Seconds(exp(middle), exp(max(middle - half, -700.0)), exp(min(middle + half, 700.0)))


def covers_whole_schedules(record: Record, epochs: pd.DataFrame) -> bool:
    """Whether what is projected are whole schedules; else it is the epochs that were run, in order."""
    return all(_whole(record, here, block, group) for (block, group), here in epochs.groupby(["block", "group"]))


class _Costs:
    """One arm in one group of one block: how many epochs of each kind, and what each costs."""

    def __init__(self, epochs: pd.DataFrame, arm: str, counts: Counter[str]) -> None:
        mine = epochs[epochs["arm"] == arm]
        self.counts = counts
        self.first: dict[str, float] = mine[mine["first"]].groupby("kind")["wall"].first().to_dict()
        self.steady: dict[str, float] = in_turns(mine).groupby("kind")["wall"].mean().to_dict()

    @property
    def total(self) -> float | None:
        """Seconds: the first epoch of each kind as it was, the others at their mean; None if one was not measured."""
        seconds = 0.0
        for kind, count in self.counts.items():
            first = self.first.get(kind, self.steady.get(kind))
            # A kind of very few epochs may have been seen in its first one alone.
            steady = self.steady.get(kind, first if count <= 2 else None)
            if first is None or steady is None:
                return None
            seconds += first + (count - 1) * steady
        return seconds


def _schedules(record: Record, epochs: pd.DataFrame, block: int, group: int) -> dict[str, Counter[str]]:
    """How many epochs of each kind each arm is charged for: those of its schedule, or else those that it ran."""
    if not _whole(record, epochs, block, group):
        return {arm: Counter(own["kind"]) for arm, own in epochs.groupby("arm")}
    schedules = {}
    for arm, description in _described(record, block, group).items():
        schedules[arm] = counts = Counter[str]()
        for segment in description.segments:
            counts[segment.kind] += segment.stop - segment.start
    return schedules


def _whole(record: Record, epochs: pd.DataFrame, block: int, group: int) -> bool:
    """Whether a group's epochs can stand for whole schedules: every arm knows its own, and those that could not seek in
    it met every kind on the way."""
    described = _described(record, block, group)
    if not set(epochs["arm"]) <= described.keys() or not all(own.segments for own in described.values()):
        return False
    if all(description.seekable for description in described.values()):
        return True
    met = {arm: set(own["kind"]) for arm, own in epochs.groupby("arm")}
    return all({segment.kind for segment in described[arm].segments} == kinds for arm, kinds in met.items())


def _described(record: Record, block: int, group: int) -> dict[str, Description]:
    return {line.arm: line.description for line in record.ready if (line.block, line.group) == (block, group)}
