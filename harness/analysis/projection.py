"""What a whole schedule costs, from the epochs that were sampled."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
import pandas as pd
from scipy import stats

from harness.analysis.costs import Costs
from harness.analysis.effects import by_kind, guarded
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


def all_logs(record: Record, epochs: pd.DataFrame) -> dict[str, dict[int, float]]:
    """What `logs_by_block` finds of every arm but the baseline; nothing where that failed, or whole trainings ran."""
    plan = record.plan
    if plan.trains or record.failure(plan.baseline):
        return {}
    return {arm.label: logs_by_block(record, epochs, arm.label) for arm in plan.arms if arm.label != plan.baseline}


def schedule_logs(record: Record, epochs: pd.DataFrame, arm: str) -> list[float]:
    """The log-ratio of the cost of `arm`'s whole schedule to the baseline's, block after block: `logs_by_block`'s."""
    return list(logs_by_block(record, epochs, arm).values())


def logs_by_block(record: Record, epochs: pd.DataFrame, arm: str) -> dict[int, float]:
    """The log-ratio of the cost of `arm`'s whole schedule to the baseline's, by block; none where they took no turns.

    Both are charged by `Costs`. Of a kind that both have, the mean of the rounds tells how much longer `arm` takes only
    roughly, and the round-by-round effect takes its place; one that only `arm` has costs what it was seen to cost. The
    sums guard the whole.
    """
    baseline = record.plan.baseline
    mine = usable(record, epochs, arm)
    effects = by_kind(mine, arm, baseline)
    logs: dict[str, list[float]] = {how: [] for how in effects}
    blocks: list[int] = []
    for (block, group), here in mine.groupby(["block", "group"]):
        if not {arm, baseline} <= set(in_turns(here)["arm"].unique()):
            continue
        reference, own = (_costs(record, here, block, group, label) for label in (baseline, arm))
        if reference.total and own.total:
            blocks.append(block)
        seen = dict(own.others)
        for how, found in effects.items():
            for kind, others in seen.items():
                if others and (block, group, kind) in found.index:
                    ratio = reference.mean[kind] / own.mean[kind]
                    own.others[kind] = others * exp(found[block, group, kind]) * ratio
            if reference.total and own.total:
                logs[how].append(log(own.total / reference.total))
    if not blocks:
        return {}
    return dict(zip(blocks, guarded(**logs, tolerance=record.plan.tolerance), strict=True))


def schedule_seconds(record: Record, epochs: pd.DataFrame, arm: str) -> Seconds | None:
    """What one training of `arm` takes; None where some kind of its epochs was never measured."""
    totals = seconds_by_block(record, epochs, arm)
    return one_more(list(totals.values())) if totals else None


def once_share(record: Record, epochs: pd.DataFrame, arm: str) -> float:
    """How much of a training of `arm` goes to tracing and compiling: the median over the blocks; 0 where nothing is
    known of it."""
    found = [
        costs.once / costs.total
        for (block, group), here in usable(record, epochs, arm).groupby(["block", "group"])
        if arm in set(here["arm"]) and (costs := _costs(record, here, block, group, arm)).total
    ]
    return float(np.median(found)) if found else 0.0


def seconds_by_block(record: Record, epochs: pd.DataFrame, arm: str) -> dict[int, float]:
    """The seconds of one training of `arm`, by block; none where some kind of its epochs was never measured."""
    mine = usable(record, epochs, arm)
    mine = mine[mine["block"].isin(mine.loc[mine["arm"] == arm, "block"])]
    totals: dict[int, list[float]] = {}
    for (block, group), here in mine.groupby(["block", "group"]):
        total = _costs(record, here, block, group, arm).total if arm in set(here["arm"]) else None
        if total:
            totals.setdefault(block, []).append(total)
    return {block: float(np.mean(of_groups)) for block, of_groups in totals.items()}


def one_more(totals: Sequence[float]) -> Seconds:
    """What one more training takes, by the seconds that one took in each of K processes.

    The interval is t s sqrt(1 + 1/K) on their logarithms: it is for one process, not for the mean of many.
    """
    logs = np.log(totals)
    middle = float(logs.mean())
    blocks = len(logs)
    if blocks == 1:
        return Seconds(exp(middle))
    half = float(stats.t.ppf(1 - ERROR / 2, blocks - 1) * np.std(logs, ddof=1) * sqrt(1 + 1 / blocks))
    return Seconds(exp(middle), exp(max(middle - half, -700.0)), exp(min(middle + half, 700.0)))


def covers_whole_schedules(record: Record, epochs: pd.DataFrame) -> bool:
    """Whether what is projected are whole schedules; else it is the epochs that were run, in order."""
    return all(_whole(record, here, block, group) for (block, group), here in epochs.groupby(["block", "group"]))


def _costs(record: Record, here: pd.DataFrame, block: int, group: int, arm: str) -> Costs:
    """Of an arm's whole schedule, or else of the epochs that it ran."""
    segments = _described(record, block, group)[arm].segments if _whole(record, here, block, group) else ()
    return Costs(here[here["arm"] == arm], segments)


def _whole(record: Record, epochs: pd.DataFrame, block: int, group: int) -> bool:
    """Whether a group's epochs can stand for whole schedules: every arm knows its own, and those that could not seek in
    it met every kind on the way, and no sizes that go on changing after it."""
    described = _described(record, block, group)
    if not set(epochs["arm"].unique()) <= described.keys() or not all(own.segments for own in described.values()):
        return False
    if all(description.seekable for description in described.values()):
        return True
    met = {arm: (set(own["kind"]), own["index"].nunique()) for arm, own in epochs.groupby("arm")}
    for arm, (kinds, number) in met.items():
        segments = described[arm].segments
        unforeseen = number < segments[-1].stop and _sizes_change(record, block, group, arm)
        if unforeseen or {segment.kind for segment in segments} != kinds:
            return False
    return True


def _sizes_change(record: Record, block: int, group: int, arm: str) -> bool:
    """Whether the sizes of an arm's trainer were others at the end of its epochs than at their beginning."""
    own = [piece for piece in record.slices if (piece.block, piece.group, piece.arm) == (block, group, arm)]
    told = [epoch.sizes for piece in own for epoch in piece.epochs if epoch.sizes]
    return any(sizes != told[0] for sizes in told)


def _described(record: Record, block: int, group: int) -> dict[str, Description]:
    return {line.arm: line.description for line in record.ready if (line.block, line.group) == (block, group)}
