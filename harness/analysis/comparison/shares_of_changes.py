"""The contribution of each change, from a record of cells.

Each block measures cells together with the same baseline, and yields its own shares: from all cells, or along an order
and its reverse. Shares over blocks therefore have a mean and Student's t interval like any ratio, which in the second
case includes the randomness of the orders. In each block, and so on average, the shares add up to the effect of all
changes together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, expm1

import pandas as pd

from harness.analysis.comparison.exact import retraces
from harness.analysis.comparison.losses import Losses, losses
from harness.analysis.epochs.observed import TRACES, why_unobserved
from harness.analysis.epochs.projection import Projection, all_logs
from harness.analysis.profile.tensors import find_peak_bytes
from harness.analysis.profile.tracings import of_one_block
from harness.analysis.stats.estimates import Estimate, mean
from harness.analysis.stats.levels import level
from harness.analysis.stats.ratios import Ratio, of_logs
from harness.analysis.stats.shapley import Cell, Values, interactions, shapley_shares, shares_by_orders
from harness.analysis.stats.verdicts import COARSE, FASTER, SLOWER, verdicts
from harness.plan.cells import Ablation
from harness.record import evidence
from harness.record.lines import Lines


@dataclass(frozen=True, kw_only=True)
class Share:
    """The contribution of one change, or of all together. The shares of a figure add up to that of all together."""

    name: str
    text: str
    """A description of the change, such as `median -> mean`."""
    verdict: str | None
    """`faster`, `slower`, `same` (within the tolerance) or `unsure`; from three blocks on."""
    log_ratio: Estimate | None
    """Its share of the logarithm of the cost of `goal` relative to `start`; None if no block is complete."""
    ratio: Ratio | None
    """The same as a factor: the factors of all changes multiply to that of all together."""
    seconds: Estimate | None
    """Its share of the difference in seconds per epoch, averaged over the schedule."""
    part: float | None
    """Its share of the total log-ratio, as a fraction of 1; None unless the total clearly differs from 0."""
    alone: Ratio | None
    """`start` with this change only, relative to `start`."""
    last: Ratio | None
    """`goal`, relative to `goal` without this change."""
    peak_rss_bytes: float | None
    """Its share of the difference in peak memory."""
    peak_tensor_bytes: float | None
    """Its share of the difference in peak memory of tensors."""
    traces: float | None
    """Its share of the difference in the number of traces in one block's epochs."""
    retraces: float | None
    """Its share of the difference in the number of traces beyond the first of the same function."""
    losses: Losses | None
    """How the losses of `start` with this change only compare with those of `start`."""


@dataclass(frozen=True)
class Interaction:
    """Two changes that clearly do more, or less, together than each without the other."""

    changes: tuple[str, str]
    log_ratio: Estimate
    ratio: Ratio
    """Below 1, they help each other; above 1, they do the same work."""


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """The changes between two arms, and the contribution of each."""

    start: str
    goal: str
    crossed: bool
    """Whether all sets of changes were measured; otherwise those along some orders, each with its reverse."""
    blocks: int
    """The number of complete blocks, on which the shares are based."""
    cells: int
    """The number of sets of changes that were measured, including none and all."""
    failed: list[str]
    """The arms of these sets that failed."""
    epoch_seconds: float | None
    """Seconds of an epoch of `start`, averaged over its schedule."""
    total: Share
    changes: list[Share]
    interactions: list[Interaction] | None
    """The clear ones; None if not all sets were measured, or if there were too few blocks."""


@dataclass(frozen=True, kw_only=True)
class Shares:
    """The results of each complete block, by change."""

    logs: dict[str, list[float]]
    seconds: dict[str, list[float]]
    interactions: dict[tuple[str, str], list[float]]
    totals: list[float]
    differences: list[float]
    """Seconds per epoch between `goal` and `start`."""
    blocks: list[int]


def cells_by_block(record: Lines, logs: Mapping[str, Mapping[int, float]]) -> dict[int, dict[Cell, float]]:
    """Return, by block, the log-ratio of each cell to the baseline; `logs` has those of arms by block.

    An arm that failed in a block has no ratio there.
    """
    plan = record.plan
    assert plan.ablation is not None, "a plan without changes cannot be ablated"
    failed = {(end.arm, end.block) for end in record.ends if end.status == "failed"}
    found: dict[int, dict[Cell, float]] = {}
    for label, made in plan.ablation.cells.items():
        for block, ratio in logs.get(label, {}).items():
            if (label, block) not in failed and block < plan.blocks:
                found.setdefault(block, {frozenset(): 0.0})[frozenset(made)] = ratio
    return found


def shares(plan: Ablation, logs: Mapping[int, Values], seconds: float | None = None) -> Shares:
    """Return the contribution of each change in every complete block, which has all the cells that it needs.

    `logs` has the log-ratios of cells to the baseline by block. `seconds` is the time of the baseline's epoch: the same
    for all blocks, so that a machine that is faster in one block than in another makes no share uncertain.
    """
    names = plan.names
    blocks = [block for block in sorted(logs) if _is_complete(plan, block, logs[block])]
    found = Shares(
        logs={name: [] for name in names},
        seconds={name: [] for name in names},
        interactions={},
        totals=[logs[block][frozenset(names)] for block in blocks],
        differences=[seconds * expm1(logs[block][frozenset(names)]) for block in blocks] if seconds else [],
        blocks=blocks,
    )
    for block in blocks:
        _append_values(found.logs, _compute_shares(plan, block, logs[block]))
        if seconds:
            costs = {cell: seconds * exp(ratio) for cell, ratio in logs[block].items()}
            _append_values(found.seconds, _compute_shares(plan, block, costs))
        if not plan.orders:
            for two, together in interactions(logs[block], names).items():
                found.interactions.setdefault(two, []).append(together)
    return found


def attribute(costs: Projection, all_: Mapping[str, Mapping[int, float]] | None = None) -> Attribution | None:
    """Return the contribution of each change of an ablation; None for any other run. `all_` is the result of
    `projection.all_logs`."""
    record = costs.record
    plan = record.plan
    ablation = plan.ablation
    if ablation is None:
        return None
    logs = cells_by_block(record, all_logs(costs) if all_ is None else all_)
    seconds = _compute_epoch_seconds(costs)
    found = shares(ablation, logs, seconds)
    at = level(plan.fewest, plan.blocks)
    answers = verdicts(found.logs, plan.tolerance, plan.fewest, plan.blocks, coarsest(ablation))
    whole = verdicts({"all": found.totals}, plan.tolerance, plan.fewest, plan.blocks).get("all")
    total = mean(found.totals, at) if found.blocks else None
    clear = whole is not None and whole.answer in (FASTER, SLOWER)
    ran = {label for label in ablation.cells if any(piece.arm == label for piece in record.slices)}
    exact = _ExactShares(record, ran)
    labels = {frozenset(made): label for label, made in ablation.cells.items()}

    def ratio_between(before: Iterable[str], after: Iterable[str]) -> Ratio | None:
        one, other = frozenset(before), frozenset(after)
        both = [cells[other] - cells[one] for _, cells in sorted(logs.items()) if one in cells and other in cells]
        return of_logs(mean(both, at)) if both else None

    def of(name: str, text: str) -> Share:
        own = mean(found.logs[name], at) if found.blocks else None
        others = [other for other in ablation.names if other != name]
        alone = labels.get(frozenset([name]))
        return Share(
            name=name,
            text=text,
            verdict=answers[name].answer if name in answers else None,
            log_ratio=own,
            ratio=of_logs(own) if own else None,
            seconds=mean(found.seconds[name], at) if found.seconds[name] else None,
            part=own.estimate / total.estimate if own and total and clear else None,
            alone=ratio_between([], [name]),
            last=ratio_between(others, ablation.names),
            losses=losses(record, alone) if alone else None,
            peak_rss_bytes=exact.share("peak_rss_bytes", name),
            peak_tensor_bytes=exact.share("peak_tensor_bytes", name),
            traces=exact.share("traces", name),
            retraces=exact.share("retraces", name),
        )

    return Attribution(
        start=ablation.start,
        goal=ablation.goal,
        crossed=not ablation.orders,
        blocks=len(found.blocks),
        cells=len(ran),
        failed=[label for label in ablation.cells if record.failure(label)],
        epoch_seconds=seconds,
        total=Share(
            name="all together",
            text=f"{ablation.start} -> {ablation.goal}",
            verdict=whole.answer if whole else None,
            log_ratio=total,
            ratio=of_logs(total) if total else None,
            seconds=mean(found.differences, at) if found.differences else None,
            part=1.0 if clear else None,
            alone=None,
            last=None,
            losses=losses(record, ablation.goal),
            peak_rss_bytes=exact.difference("peak_rss_bytes"),
            peak_tensor_bytes=exact.difference("peak_tensor_bytes"),
            traces=exact.difference("traces"),
            retraces=exact.difference("retraces"),
        ),
        changes=[of(change.name, change.text) for change in ablation.changes],
        interactions=_find_clear_interactions(record, found, at) if not ablation.orders and whole else None,
    )


def coarsest(plan: Ablation) -> float:
    """Return how wide the interval of a share may be, relative to the share, if the share is to count.

    Along orders, blocks scatter because the shares depend on the order, and no more if the machine is busy: what six of
    them show is not chance, and it is enough if their interval is on one side.
    """
    return 1.0 if plan.orders else COARSE


EXACT_FIGURES = ("peak_rss_bytes", "peak_tensor_bytes", "traces", "retraces")


class _ExactShares:
    """Figures of cells other than times, and the changes' shares of them."""

    def __init__(self, record: Lines, ran: set[str]) -> None:
        self._record = record
        plan = record.plan.ablation
        assert plan is not None
        self._plan = plan
        self._values: dict[str, dict[Cell, float]] = {what: {} for what in EXACT_FIGURES}
        for label in ran:
            if not record.failure(label):
                for what, value in _collect_figures(record, label).items():
                    self._values[what][frozenset(plan.cells[label])] = value

    def difference(self, what: str) -> float | None:
        values, all_made = self._values[what], frozenset(self._plan.names)
        return values[all_made] - values[frozenset()] if {all_made, frozenset()} <= values.keys() else None

    def share(self, what: str, name: str) -> float | None:
        """Return the share from all cells, or along the orders of which all cells are known."""
        values = self._values[what]
        if not self._plan.orders:
            known = len(values) == len(self._plan.cells)
            return shapley_shares(values, self._plan.names)[name] if known else None
        whole = [block for block in range(len(self._plan.orders)) if _is_complete(self._plan, block, values)]
        orders = [order for block in whole for order in self._plan.pair(block)]
        return shares_by_orders(values, orders)[name] if orders else None


def _collect_figures(record: Lines, label: str) -> dict[str, float]:
    """Return the peaks over all blocks, and the traces of one."""
    ends = [end for end in record.ends if end.arm == label]
    ran = of_one_block(record, label) or []
    traces = [trace for epoch in ran for trace in evidence.traces(epoch)]
    found = {
        "peak_rss_bytes": max((end.peak_rss_bytes for end in ends if end.peak_rss_bytes), default=None),
        "peak_tensor_bytes": find_peak_bytes(record, label, ends),
        **({} if why_unobserved(record, label, TRACES) else {"traces": len(traces), "retraces": retraces(traces)}),
    }
    return {what: float(value) for what, value in found.items() if value is not None}


def _compute_epoch_seconds(costs: Projection) -> float | None:
    """Return the seconds of the baseline's epoch, averaged over blocks and over its schedule or, without one, over what
    ran."""
    baseline = costs.record.baseline
    seconds = costs.seconds_by_block(baseline)
    if costs.scope == "schedule":
        length = costs.record.schedule(baseline).total()
        found = [total / length for total in seconds.values()] if length else []
    else:
        mine = costs.epochs[costs.epochs["arm"] == baseline]
        ran = mine.groupby(["block", "group"]).size().groupby("block").mean().to_dict()
        found = [total / ran[block] for block, total in seconds.items() if block in ran]
    return sum(found) / len(found) if found else None


def _is_complete(plan: Ablation, block: int, values: Values) -> bool:
    return all(frozenset(plan.cells[label]) in values for label in plan.labels(block))


def _compute_shares(plan: Ablation, block: int, values: Values) -> dict[str, float]:
    if plan.orders:
        return shares_by_orders(values, plan.pair(block))
    return shapley_shares(values, plan.names)


def _append_values(lists: dict[str, list[float]], values: Mapping[str, float]) -> None:
    for name, value in values.items():
        lists[name].append(value)


def _find_clear_interactions(record: Lines, found: Shares, at: float) -> list[Interaction]:
    """Return the interactions that clearly exceed the tolerance, the largest first."""
    plan = record.plan
    by_name = {"\n".join(two): values for two, values in found.interactions.items()}
    answers = verdicts(by_name, plan.tolerance, plan.fewest, plan.blocks)
    clear = [two for two in found.interactions if answers["\n".join(two)].answer in (FASTER, SLOWER)]
    estimates = {two: mean(found.interactions[two], at) for two in clear}
    largest = sorted(clear, key=lambda two: -abs(estimates[two].estimate))
    return [Interaction(two, estimates[two], of_logs(estimates[two])) for two in largest]


def block_shares(record: Lines, epochs: pd.DataFrame) -> Mapping[str, Sequence[float]]:
    """Return each change's share of the log-ratio by block, which decides whether another block is needed."""
    plan = record.plan
    assert plan.ablation is not None
    found = shares(plan.ablation, cells_by_block(record, all_logs(Projection(record, epochs))))
    return found.logs if found.blocks else {}
