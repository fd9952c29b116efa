"""What a whole schedule costs, from the epochs that were sampled."""

from collections import Counter
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
import pandas as pd
from scipy import stats

from harness.analysis.effects import CONFIDENCE, TOLERANCE, Ratio, by_kind, interval
from harness.analysis.epochs import in_turns, usable
from harness.record import Record


@dataclass(frozen=True)
class Seconds:
    """A duration and the 95 % interval for one more training like it; no interval from a single block."""

    estimate: float
    low: float | None = None
    high: float | None = None


def schedule_ratio(record: Record, epochs: pd.DataFrame, arm: str, tolerance: float = TOLERANCE) -> Ratio | None:
    """The cost of `arm`'s whole schedule relative to the baseline's; None where they never took turns.

    Kinds that both have are related round by round; one that only `arm` has costs what it was seen to cost.
    """
    baseline = record.plan.baseline
    mine = usable(record, epochs, arm)
    effects = by_kind(mine, arm, baseline, tolerance)
    logs = []
    for (block, group), here in mine.groupby(["block", "group"]):
        if not {arm, baseline} <= set(in_turns(here)["arm"]):
            continue
        reference = _Costs(record, here, baseline, block, group)
        own = _Costs(record, here, arm, block, group)
        for kind in own.counts:
            if (block, group, kind) in effects.index:
                own.steady[kind] = reference.steady[kind] * exp(effects[block, group, kind])
        logs.append(log(own.total() / reference.total()))
    return interval(logs) if logs else None


def schedule_seconds(record: Record, epochs: pd.DataFrame, arm: str) -> Seconds | None:
    """What one training of `arm` takes, by its whole schedule; where it has no `seek`, by the epochs that it ran.

    The interval is for one more process: t s sqrt(1 + 1/K) on the logarithms over K blocks.
    """
    mine = usable(record, epochs, arm)
    mine = mine[mine["arm"] == arm]
    logs = []
    for block, here in mine.groupby("block"):
        totals = [_Costs(record, part, arm, block, group).total() for group, part in here.groupby("group")]
        logs.append(log(np.mean(totals)))
    if not logs:
        return None
    middle = float(np.mean(logs))
    if len(logs) == 1:
        return Seconds(exp(middle))
    blocks = len(logs)
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, blocks - 1) * np.std(logs, ddof=1) * sqrt(1 + 1 / blocks))
    return Seconds(exp(middle), exp(max(middle - half, -700.0)), exp(min(middle + half, 700.0)))


class _Costs:
    """One arm in one group of one block: how many epochs of each kind, and what each costs."""

    def __init__(self, record: Record, epochs: pd.DataFrame, arm: str, block: int, group: int) -> None:
        mine = epochs[epochs["arm"] == arm]
        sampled = in_turns(mine).groupby("kind")["wall"].mean().to_dict()
        self.first: dict[str, float] = mine[mine["first"]].groupby("kind")["wall"].first().to_dict()
        self.steady: dict[str, float] = self.first | sampled
        self.counts = _schedule(record, arm, block, group) or Counter(mine["kind"])

    def total(self) -> float:
        """Seconds: the first epoch of each kind as it was, the others at their mean."""
        return sum(
            self.first.get(kind, self.steady[kind]) + (count - 1) * self.steady[kind]
            for kind, count in self.counts.items()
            if kind in self.steady
        )


def _schedule(record: Record, arm: str, block: int, group: int) -> Counter[str]:
    """Epochs of each kind in the schedule of `arm`; empty if its group ran epochs in order, as far as it was asked."""
    ready = {line.arm: line.description for line in record.ready if (line.block, line.group) == (block, group)}
    counts: Counter[str] = Counter()
    if arm in ready and all(description.seekable for description in ready.values()):
        for segment in ready[arm].segments:
            counts[segment.kind] += segment.stop - segment.start
    return counts
