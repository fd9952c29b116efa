"""One arm of a run, as metrics need it; each fact is computed once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.effects import effects
from harness.analysis.epochs.projection import Projection
from harness.analysis.profile.tracings import of_one_block
from harness.analysis.profile.work import Arithmetic, arithmetic
from harness.analysis.stats.levels import level
from harness.analysis.stats.ratios import Ratio, of_times
from harness.analysis.training.convergence import Convergence
from harness.record.lines import Lines
from harness.record.schema import ArmEnd, Epoch


@dataclass(frozen=True)
class EpochTimes:
    """Wall-clock seconds of epochs that ran in turns: the median of each kind, and of the most frequent kind."""

    median: float
    by_kind: Mapping[str, float]
    commonest: str
    """The kind with the most epochs in the schedule or, without a schedule, among those that ran."""


@dataclass(frozen=True)
class MeasuredArm:
    """One arm of a run. `costs` covers the whole run; `of_blocks` has the arm's log-ratios to the baseline by block, if
    known."""

    costs: Projection
    label: str
    of_blocks: Mapping[int, float] | None = None
    converged: Convergence | None = None
    counted: Sequence[Epoch] | None = None
    """In a gate, the epochs of the arm's counting pass: they take the place of one block's."""

    @property
    def lines(self) -> Lines:
        return self.costs.record

    @property
    def baseline(self) -> str:
        return self.lines.baseline

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """The arm's epochs in the blocks that it completed."""
        usable = epoch_table.usable(self.lines, self.costs.epochs, self.label)
        return usable[usable["arm"] == self.label]

    @cached_property
    def ends(self) -> list[ArmEnd]:
        """How the arm's processes ended, without those of passes under a probe."""
        passes = self.lines.passes
        return [end for end in self.lines.ends if end.arm == self.label and (end.block, end.group) not in passes]

    @cached_property
    def one_block(self) -> list[Epoch] | None:
        """Every epoch of one block, which is enough for counts: they are the same in every block."""
        if self.counted is not None:
            return list(self.counted)
        return of_one_block(self.lines, self.label)

    @property
    def steady(self) -> bool:
        """Whether there is a typical epoch: there is none if epochs get slower and slower."""
        return self.label not in self.costs.trends

    @cached_property
    def epoch_times(self) -> EpochTimes | None:
        """The times of its epochs; None if no epoch ran in turns, or none is typical."""
        steady = epoch_table.in_turns(self.epochs)
        if not self.steady or steady.empty:
            return None
        medians = steady.groupby("kind")["wall"].median().to_dict()
        counts = self.lines.schedule(self.label) or Counter(steady["kind"])
        commonest = max(medians, key=lambda kind: counts[kind])
        in_order = {kind: medians[kind] for kind in self.epochs["kind"].unique() if kind in medians}
        return EpochTimes(medians[commonest], in_order, commonest)

    @cached_property
    def work(self) -> Arithmetic:
        """The arithmetic of its epochs."""
        return arithmetic(self.lines, self.label, self.epoch_times.by_kind if self.epoch_times else {})

    @property
    def level(self) -> float:
        """The probability with which an interval may miss."""
        return level(self.lines.plan.fewest, self.lines.most)

    @cached_property
    def ratio(self) -> Ratio | None:
        """Its cost relative to the baseline."""
        if not self.of_blocks:
            return None
        return of_times(list(self.of_blocks.values()), self.level, self.costs.common_error(self.label))

    @cached_property
    def ratio_by_kind(self) -> dict[str, Ratio] | None:
        """The ratio of an average epoch of each kind; None if epochs of either arm get slower and slower."""
        plan = self.lines.plan
        trending = {self.label, self.baseline} & self.costs.trends.keys()
        if self.label == self.baseline or self.lines.failure(self.baseline) or plan.trains or trending:
            return None
        found = effects(self.costs.rates(self.label), plan.tolerance)
        in_schedule_order = [kind for kind in dict.fromkeys(self.costs.epochs["kind"]) if kind in found]
        return {kind: of_times(found[kind], self.level) for kind in in_schedule_order} or None
