"""The check of one gated metric of one variant against its tolerance."""

from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.gate.reasons import Why
from harness.analysis.stats.ratios import Ratio
from harness.plan.gate_rules import FIRST_EPOCH_TIME, TOTAL_TIME, Tolerances


class CheckAnswer(StrEnum):
    """The result of checking one gated metric."""

    OK = "ok"
    IMPROVED = "improved"
    REGRESSED = "regressed"
    UNSURE = "unsure"
    NOT_MEASURED = "not measured"


class GateAnswer(StrEnum):
    """The result of a whole gate."""

    PASSED = "passed"
    REGRESSED = "regressed"
    UNSURE = "unsure"
    FAILED = "failed"
    """An arm failed."""


OK, IMPROVED, REGRESSED, UNSURE, NOT_MEASURED = CheckAnswer
LEAST_SECONDS = 0.1
"""Seconds by which a first epoch may always take longer: users do not notice this, and a first epoch so short that this
is a large share of it scatters by more."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A gated metric and its result. A field is None if it does not apply or was not measured."""

    variant: str
    metric: str
    part: str | None = None
    """The kind of epoch, or the name of the quality metric."""
    answer: CheckAnswer
    base: float | None = None
    """The figure of the base, in seconds, bytes, a count or the metric's own unit."""
    head: float | None = None
    ratio: Ratio | None = None
    tolerance: float | str | None = None
    why: Why | None = None
    """What decided it, in addition to the figures."""
    smallest_visible_ratio: float | None = None
    """The smallest ratio above 1 that would have shown; only for times."""


def time_tolerance(tolerances: Tolerances, metric: str, seconds: float | None, once: float) -> float:
    """Return the share by which a gated time may increase. `seconds` is the time in the base, and `once` the share of a
    training that goes to tracing and compiling."""
    share: float = tolerances.of_total_time(once) if metric == TOTAL_TIME else tolerances[metric]
    if metric == FIRST_EPOCH_TIME and seconds:
        return max(share, LEAST_SECONDS / seconds)
    return share
