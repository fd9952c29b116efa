"""The cost of a whole schedule, from the epochs that ran."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, hypot, log, sqrt

import numpy as np
import pandas as pd
from scipy import stats

from harness.analysis.epochs.accounts import Account, Scope, in_order
from harness.analysis.epochs.effects import log_ratios_by_kind, scatter_within
from harness.analysis.epochs.patterns import STEADY
from harness.analysis.epochs.shapes import PLACE, Shapes
from harness.analysis.epochs.table import in_turns, usable
from harness.analysis.epochs.trend import Trend, trends
from harness.analysis.stats.levels import ERROR
from harness.analysis.stats.ratios import guarded
from harness.record.lines import Lines
from harness.worker.wire.messages import Description


@dataclass(frozen=True)
class Seconds:
    """A duration and the 95 % interval for one more training like it; a single block gives no interval."""

    estimate: float
    low: float | None = None
    high: float | None = None


class Projection:
    """The costs of a record's arms: computed once, and queried for each arm."""

    def __init__(
        self, record: Lines, epochs: pd.DataFrame, scope: Scope | None = None, *, averages: bool = True
    ) -> None:
        """`scope` is what is charged, by default the widest that the epochs allow. Without `averages`, the epochs that
        ran are charged where that would be an average epoch."""
        self.record, self.epochs = record, epochs
        self._given, self._averages = scope, averages
        self._compared: dict[str, tuple[dict[int, float], float]] = {}
        self._accounts: dict[str, list[tuple[int, Account]]] = {}

    @cached_property
    def shapes(self) -> Shapes:
        return Shapes(self.record, self.epochs)

    @cached_property
    def trends(self) -> Mapping[str, Trend]:
        """The trends of arms whose epochs get slower or faster. Empty if whole trainings ran: these do not need it."""
        return {} if self.record.plan.trains else trends(self.shapes.epochs)

    @cached_property
    def scope(self) -> Scope:
        """What is charged."""
        return self._given or self._choose_scope()

    @cached_property
    def is_uniform(self) -> bool:
        """Whether, as far as is known, blocks of fewer epochs would show the same: all epochs of a kind take the same
        time or are periodic, and epochs in lockstep are all of one kind and size."""
        ran = in_turns(self.shapes.epochs)
        patterns = [pattern for arm in self.record.arms for pattern in self.shapes.of(arm.label).values()]
        if self.trends or any(pattern.events for pattern in patterns) or (ran["once"] & ~ran["opening"]).any():
            return False
        if all(ready.description.seekable for ready in self.record.ready):
            return True
        processes = {(ready.block, ready.group, ready.arm) for ready in self.record.ready}
        kinds = self.shapes.epochs.groupby([*PLACE, "arm"])["kind"].nunique()
        return not (kinds > 1).any() and not any(_has_changing_sizes(self.record, *one) for one in processes)

    def logs_by_block(self, arm: str) -> dict[int, float]:
        """Return the log-ratio of the cost of `arm` to the baseline's, by block; empty if they did not take turns.

        Both are charged by `Account`, with single events as they occurred in the same block. A kind that both have is
        charged at the baseline's rate times the effect found round by round; a kind that only `arm` has is charged as
        measured. The sums of all epochs override the estimate where `guarded` says so.
        """
        return dict(self._compare(arm)[0])

    def common_error(self, arm: str) -> float:
        """Return the standard deviation of an error of `logs_by_block` that all blocks have in common: how often single
        events occur is known from a few, which are the same in each process. Those in the same epoch of both arms are
        taken for the same."""
        return self._compare(arm)[1]

    def _compare(self, arm: str) -> tuple[dict[int, float], float]:
        """Return `logs_by_block` and `common_error`, which are computed once."""
        if arm not in self._compared:
            self._compared[arm] = self._compute_logs(arm)
        return self._compared[arm]

    def _compute_logs(self, arm: str) -> tuple[dict[int, float], float]:
        baseline = self.record.baseline
        mine = usable(self.record, self.shapes.epochs, arm)
        effects = log_ratios_by_kind(mine, arm, baseline)
        logs: dict[str, list[float]] = {how: [] for how in effects}
        blocks: list[int] = []
        errors: list[dict[int, float]] = []
        for (block, group), here in mine.groupby(["block", "group"]):
            if not {arm, baseline} <= set(in_turns(here)["arm"].unique()) and not _are_wholes(here, arm, baseline):
                continue
            both = _cut_to_common(here[here["arm"].isin([arm, baseline])]) if self.scope != "schedule" else here
            reference, own = (self.account(both, block, group, label) for label in (baseline, arm))
            theirs = reference.charged(reference.rate)
            if not theirs or not own.charged(own.rate):
                continue
            blocks.append(block)
            errors.append(_subtract(own.errors, reference.errors))
            if self.trends.keys() & {arm, baseline} and own.total and reference.total:  # there is no typical epoch
                for found in logs.values():
                    found.append(log(own.total / reference.total))
                continue
            for how, found in effects.items():
                rates = dict(own.rate)
                for kind in own.rate.keys() & reference.rate.keys():
                    if (block, group, kind) in found.index:
                        rates[kind] = reference.rate[kind] * exp(found[block, group, kind])
                logs[how].append(log((own.charged(rates) or 0.0) / theirs))
        if not blocks:
            return {}, 0.0
        found = guarded(**logs, tolerance=self.record.plan.tolerance)
        return dict(zip(blocks, found, strict=True)), _combine(errors)

    def scatter(self, arm: str) -> float | None:
        """Return the standard deviation of the log-ratios of rounds to the baseline within a process; None without two
        rounds in any."""
        return scatter_within(usable(self.record, self.shapes.epochs, arm), arm, self.record.baseline)

    def rates(self, arm: str) -> pd.DataFrame:
        """Return the result of `effects.log_ratios_by_kind` for an arm relative to the baseline, with periodic work
        included: how much longer its epochs take on average."""
        baseline = self.record.baseline
        found = log_ratios_by_kind(usable(self.record, self.shapes.epochs, arm), arm, baseline)
        for block, group, kind in found.index:
            mine, theirs = (self.shapes.in_process(block, group, one).get(kind, STEADY) for one in (arm, baseline))
            found.loc[(block, group, kind)] += log(mine.mean / theirs.mean)
        return found

    def seconds_by_block(self, arm: str) -> dict[int, float]:
        """Return the seconds of one training of `arm`, or of the epochs that ran, by block; empty if some kind of its
        epochs was never measured."""
        totals: dict[int, list[float]] = {}
        for block, account in self._list_accounts(arm):
            total = account.ran if self.scope == "epoch" else account.total
            if total:
                totals.setdefault(block, []).append(total)
        return {block: float(np.mean(of_groups)) for block, of_groups in totals.items()}

    def seconds(self, arm: str) -> Seconds | None:
        """Return the time of one training of `arm`, or of the epochs that ran; None if some kind was never measured."""
        totals = self.seconds_by_block(arm)
        return one_more(list(totals.values()), self._compute_roughness(arm)) if totals else None

    def _compute_roughness(self, arm: str) -> float:
        """Return the standard deviation of what is projected of single events, as a share of a training. Where they are
        the same in each process, several processes do not show it."""
        return 0.0 if self.scope == "epoch" else _combine([one.errors for one in self.accounts(arm) if one.total])

    def once_share(self, arm: str) -> float:
        """Return the share of a training of `arm` that goes to tracing and compiling: the median over blocks, 0 if
        unknown."""
        found = [
            account.beyond / account.total for account in self.accounts(arm) if self.scope != "epoch" and account.total
        ]
        return float(np.median(found)) if found else 0.0

    def accounts(self, arm: str) -> list[Account]:
        """Return the account of each of the arm's processes."""
        return [account for _, account in self._list_accounts(arm)]

    def _list_accounts(self, arm: str) -> list[tuple[int, Account]]:
        """Return the same, each with its block, computed once."""
        if arm not in self._accounts:
            mine = usable(self.record, self.shapes.epochs, arm)
            mine = mine[mine["arm"] == arm]
            self._accounts[arm] = [
                (block, self.account(here, block, group, arm))
                for (block, group), here in mine.groupby(["block", "group"])
            ]
        return self._accounts[arm]

    def account(self, here: pd.DataFrame, block: int, group: int, arm: str) -> Account:
        """Return the account of an arm in one process, whose epochs are in `here`."""
        segments = self.record.segments(block, group, arm) if self.scope == "schedule" else ()
        return Account(here[here["arm"] == arm], segments, self.shapes.in_process(block, group, arm), self.scope)

    def _choose_scope(self) -> Scope:
        """Return whole schedules if they can be projected; else the epochs that were asked for; else an average epoch
        of a long training, unless epochs get slower and slower, so that there is no such epoch."""
        if self.record.plan.trains:
            return "schedule"
        groups = list(self.epochs.groupby(["block", "group"]))
        if all(_covers_schedules(self.record, here, block, group, set(self.trends)) for (block, group), here in groups):
            return "schedule"
        lengths = any(self.record.segments(line.block, line.group, line.arm) for line in self.record.ready)
        ordered = all(in_order(own) for _, here in groups for _, own in here.groupby("arm"))
        if self.record.plan.epochs or lengths or self.trends or not ordered:
            return "epochs"
        return "epoch" if self._averages and len(in_turns(self.epochs)) else "epochs"


def all_logs(projection: Projection) -> dict[str, dict[int, float]]:
    """Return `logs_by_block` of every arm but the baseline; empty if the baseline failed, or if whole trainings ran."""
    record = projection.record
    if record.plan.trains or record.failure(record.baseline):
        return {}
    return {arm.label: projection.logs_by_block(arm.label) for arm in record.arms if arm.label != record.baseline}


def schedule_logs(record: Lines, epochs: pd.DataFrame, arm: str) -> list[float]:
    """Return the log-ratio of the cost of `arm` to the baseline's, block by block."""
    return list(Projection(record, epochs).logs_by_block(arm).values())


def schedule_seconds(record: Lines, epochs: pd.DataFrame, arm: str) -> Seconds | None:
    """Return the time of one training of `arm`; None if some kind of its epochs was never measured."""
    return Projection(record, epochs).seconds(arm)


def once_share(record: Lines, epochs: pd.DataFrame, arm: str) -> float:
    """Return the share of a training of `arm` that goes to tracing and compiling; 0 if unknown."""
    return Projection(record, epochs).once_share(arm)


def covers_whole_schedules(record: Lines, epochs: pd.DataFrame) -> bool:
    """Whether whole schedules are projected."""
    return Projection(record, epochs).scope == "schedule"


def _subtract(own: Mapping[int, float], theirs: Mapping[int, float]) -> dict[int, float]:
    return {index: own.get(index, 0.0) - theirs.get(index, 0.0) for index in own.keys() | theirs.keys()}


def _combine(errors: Sequence[Mapping[int, float]]) -> float:
    """Return the standard deviation of the mean over processes of errors by epoch. Those of an epoch are one error in
    all processes that ran it, those of several epochs are independent."""
    sums = Counter[int]()
    for one in errors:
        sums.update(one)
    return hypot(*sums.values()) / len(errors) if errors else 0.0


def one_more(totals: Sequence[float], roughness: float = 0.0) -> Seconds:
    """Return the time of one more training, from the seconds of one training in each of K processes.

    The interval is t s sqrt(1 + 1/K) on their logarithms: it is for one process, not for the mean of many. `roughness`
    is the standard deviation of an error that all of them have in common, as a share of the time.
    """
    logs = np.log(totals)
    middle = float(logs.mean())
    blocks = len(logs)
    if blocks == 1:
        return Seconds(exp(middle))
    scatter = float(stats.t.ppf(1 - ERROR / 2, blocks - 1) * np.std(logs, ddof=1) * sqrt(1 + 1 / blocks))
    half = hypot(scatter, float(stats.norm.ppf(1 - ERROR / 2)) * roughness)
    return Seconds(exp(middle), exp(max(middle - half, -700.0)), exp(min(middle + half, 700.0)))


def _are_wholes(here: pd.DataFrame, arm: str, baseline: str) -> bool:
    """Whether both arms are programs that ran from start to end as one epoch each, in turns."""
    ran = here[(here["round"] > 0) & here["arm"].isin([arm, baseline])]
    return len(ran) == len(here[here["arm"].isin([arm, baseline])]) and list(ran.groupby("arm").size()) == [1, 1]


def _cut_to_common(here: pd.DataFrame) -> pd.DataFrame:
    """Return the epochs that all arms ran of a training in order: an arm that ended early is compared with as many
    epochs of the others."""
    own = [some for _, some in here.groupby("arm")]
    if not all(in_order(some) for some in own):
        return here
    return here[here["index"] < min(map(len, own))]


def _covers_schedules(record: Lines, epochs: pd.DataFrame, block: int, group: int, drifting: set[str]) -> bool:
    """Whether a group's epochs can represent whole schedules: every arm must know its schedule, and arms that cannot
    seek in it must have met every kind, with neither sizes nor times that go on changing afterwards."""
    described = _get_descriptions(record, block, group)
    schedules = {arm: record.segments(block, group, arm) for arm in described}
    if not set(epochs["arm"].unique()) <= described.keys() or not all(schedules.values()):
        return False
    if all(description.seekable for description in described.values()):
        return True
    met = {str(arm): (set(own["kind"]), own["index"].nunique()) for arm, own in epochs.groupby("arm")}
    for arm, (kinds, number) in met.items():
        segments = schedules[arm]
        unforeseen = number < segments[-1].stop and (arm in drifting or _has_changing_sizes(record, block, group, arm))
        if unforeseen or {segment.kind for segment in segments} != kinds:
            return False
    return True


def _has_changing_sizes(record: Lines, block: int, group: int, arm: str) -> bool:
    """Whether the sizes of an arm's trainer changed during its epochs."""
    own = [piece for piece in record.slices if (piece.block, piece.group, piece.arm) == (block, group, arm)]
    reported = [epoch.sizes for piece in own for epoch in piece.epochs if epoch.sizes]
    return any(sizes != reported[0] for sizes in reported)


def _get_descriptions(record: Lines, block: int, group: int) -> dict[str, Description]:
    return {line.arm: line.description for line in record.ready if (line.block, line.group) == (block, group)}
