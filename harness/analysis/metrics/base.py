"""The definition of a metric: its public name, its unit, how it is read from a run, and how much worse a gate lets it
get."""

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
    """A number with a unit of its own, or without a unit."""


@dataclass(frozen=True)
class Measured:
    """One metric of one arm. What was not measured is None."""

    value: float | None
    unit: Unit
    low: float | None = None
    """The lower end of the 95 % interval, if it has one."""
    high: float | None = None
    by_kind: Mapping[str, float] | None = None
    """The value for each kind of epoch."""
    ratio: Ratio | None = None
    """The ratio to the baseline."""
    ratio_by_kind: Mapping[str, Ratio] | None = None
    unavailable: str | None = None
    """Why there is no value."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One quantity of an arm."""

    name: str
    """The name in claims, settings of a gate, CSV and JSON."""
    title: str
    """The name in tables and sentences."""
    unit: Unit = Unit.OWN
    deterministic: bool
    """Whether two runs of the same program give the same value: it is then compared exactly, and has no interval."""
    measure: Callable[[MeasuredArm], Measured] | None = None
    """None for a family, and for a relation to the baseline that has no number."""
    logs: Callable[[MeasuredArm, str | None], Logs] | None = None
    """For a metric with noise, its logarithms by block: for one kind of epoch, by default the most frequent one, or for
    one member of a family. None if blocks do not measure it."""
    gated: bool = False
    """Whether a gate can check it."""
    tolerance: Tolerance = None
    """How much worse a gate lets it get by default: a share, a number of events, or a word; None means not gated."""
    members: Callable[[MeasuredArm], Mapping[str, float | None]] | None = None
    """For a family, which has one metric for each name that a trainer reports, such as `quality.error`: the value of
    each."""
    formerly: tuple[str, ...] = ()
    """Names that earlier versions accepted for it."""

    def all_of(self, arm: MeasuredArm) -> dict[str, Measured]:
        """Return the metric of one arm by its public name; for a family, all its members."""
        if self.members:
            return {f"{self.name}.{name}": Measured(value, self.unit) for name, value in self.members(arm).items()}
        return {self.name: self.measure(arm)} if self.measure else {}

    def of(self, arm: MeasuredArm, member: str = "") -> Measured:
        """Return one member of a family, or the metric itself."""
        found = self.all_of(arm)
        return found.get(f"{self.name}.{member}" if member else self.name) or Measured(None, self.unit)
