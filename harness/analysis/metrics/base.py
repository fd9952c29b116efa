"""What a metric is: its one public name, its unit, how it is got from a run, and how much worse a gate lets it get."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.metrics.arm import MeasuredArm
from harness.analysis.stats.ratios import Ratio

Tolerance = float | int | str | None
Logs = dict[int, float]
"""A logarithm for each block, or for each seed of whole trainings: of the figure itself, or of its ratio to that of the
run's baseline. The difference between two arms is their log-ratio."""


class Unit(StrEnum):
    SECONDS = "s"
    BYTES = "bytes"
    FLOP = "FLOP"
    COUNT = "count"
    OWN = ""
    """A number in a unit of its own, or without one."""


@dataclass(frozen=True)
class Measured:
    """One metric of one arm. What was not measured is None."""

    value: float | None
    unit: Unit
    low: float | None = None
    """The 95 % interval, where it has one."""
    high: float | None = None
    by_kind: Mapping[str, float] | None = None
    """By kind of epoch."""
    ratio: Ratio | None = None
    """Relative to the baseline."""
    ratio_by_kind: Mapping[str, Ratio] | None = None
    unavailable: str | None = None
    """Why there is no value."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One quantity of an arm."""

    name: str
    """As claims, settings of a gate, CSV and JSON have it."""
    title: str
    """As tables and sentences have it."""
    unit: Unit = Unit.OWN
    deterministic: bool
    """Whether two runs of the same program come to the same: it is compared exactly then, and has no interval."""
    measure: Callable[[MeasuredArm], Measured] | None = None
    """None of a family, and of a relation to the baseline that has no number."""
    logs: Callable[[MeasuredArm, str | None], Logs] | None = None
    """Of a metric with noise: by block, of one kind of epoch, or the commonest, or of one name of a family. None where
    blocks say nothing of it."""
    gated: bool = False
    """Whether a gate may look at it."""
    tolerance: Tolerance = None
    """How much worse a gate lets it get by default: a share, a number of events, or a word; None is not gated."""
    members: Callable[[MeasuredArm], Mapping[str, float | None]] | None = None
    """Of a family, which stands for one metric for each name that a trainer gives, such as `quality.error`: the value
    of each."""
    formerly: tuple[str, ...] = ()
    """Names that earlier versions took for it."""

    def all_of(self, arm: MeasuredArm) -> dict[str, Measured]:
        """Of one arm, by public name: one, or of a family several."""
        if self.members:
            return {f"{self.name}.{name}": Measured(value, self.unit) for name, value in self.members(arm).items()}
        return {self.name: self.measure(arm)} if self.measure else {}

    def of(self, arm: MeasuredArm, member: str = "") -> Measured:
        """That of one name of a family, or the one that there is."""
        found = self.all_of(arm)
        return found.get(f"{self.name}.{member}" if member else self.name) or Measured(None, self.unit)
