"""The last column of the live display: each arm's ratio so far, or the latest metric of its training."""

from time import monotonic

from harness.analysis.stats.levels import EVERY
from harness.plan.plan import Plan
from harness.record.events import Event
from harness.record.lines import Lines
from harness.record.schema import BlockEnd, BlockStart, Evaluation, Slice
from harness.report import units

_BETWEEN_RATIOS = 2.0
"""Seconds between two updates. Computing the ratios takes some hundredths of a second."""
_PAUSES = 20
"""With many arms or blocks it takes longer: the pause is at least this many times as long as the computation."""


class Ratios:
    """The cost of each arm relative to the baseline, so far."""

    title = "cost"

    def __init__(self, plan: Plan) -> None:
        self.by_arm: dict[str, str] = {}
        self._baseline = plan.baseline
        self._updated_at = 0.0
        self._pause = _BETWEEN_RATIOS

    def note(self, event: Event, record: Lines) -> None:
        few = isinstance(event, BlockEnd) and len(record.blocks_done) <= EVERY
        due = isinstance(event, BlockEnd) or (isinstance(event, Slice) and event.round)
        if few or (due and monotonic() - self._updated_at > self._pause):
            self._update(record)

    def cell(self, arm: str) -> str:
        return "baseline" if arm == self._baseline else self.by_arm.get(arm, "")

    def _update(self, record: Lines) -> None:
        from harness.report.summarize import ratios

        began = monotonic()
        self.by_arm = {arm: units.ratio(found) for arm, found in ratios(record).items()}
        self._updated_at = monotonic()
        self._pause = max(_BETWEEN_RATIOS, _PAUSES * (self._updated_at - began))


class Evaluations:
    """The latest value of one metric: the target's, or the first that an evaluation reported."""

    def __init__(self, plan: Plan) -> None:
        self._metric = plan.target.metric if plan.target else None
        self._block = 0
        self.by_arm: dict[str, str] = {}

    @property
    def title(self) -> str:
        return self._metric or "metric"

    def note(self, event: Event, record: Lines) -> None:
        if isinstance(event, BlockStart) and event.block != self._block:
            self._block = event.block
            self.by_arm.clear()
        if isinstance(event, Evaluation):
            self._metric = self._metric or next(iter(event.metrics), None)
            if self._metric in event.metrics:
                value = event.metrics[self._metric]
                self.by_arm[event.arm] = "not finite" if value is None else units.number(value)

    def cell(self, arm: str) -> str:
        return self.by_arm.get(arm, "")
