"""What a metric is: its one public name, its unit, how it is got from a run, and how much worse a gate lets it get."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.metrics.arm import MeasuredArm
from harness.analysis.stats.ratios import Ratio

Tolerance = float | int | str | None
Logs = dict[int, float]
"""A log-ratio to the run's baseline for each block, or for each seed of whole trainings."""


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
    measure: Callable[[MeasuredArm], Measured]
    logs: Callable[[MeasuredArm, str | None], Logs] | None = None
    """Of a metric with noise: by block, of one kind of epoch or the commonest. None where blocks say nothing of it."""
    gated: bool = False
    """Whether a gate may look at it."""
    tolerance: Tolerance = None
    """How much worse a gate lets it get by default: a share, a number of events, or a word; None is not gated."""
    family: bool = False
    """Whether it stands for one metric for each name that a trainer gives, such as `quality.error`."""
    members: Callable[[MeasuredArm, str], float | None] | None = None
    """Of a family: the value of one of its names."""
    formerly: tuple[str, ...] = ()
    """Names that earlier versions took for it."""
