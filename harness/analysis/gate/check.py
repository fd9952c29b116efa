"""One metric of one variant, held against its tolerance."""

from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.stats.ratios import Ratio
from harness.plan.gate_rules import FIRST_EPOCH_TIME, TOTAL_TIME, Tolerances


class CheckAnswer(StrEnum):
    """What came of one metric that is gated."""

    OK = "ok"
    IMPROVED = "improved"
    REGRESSED = "regressed"
    UNSURE = "unsure"
    NOT_MEASURED = "not measured"


class GateAnswer(StrEnum):
    """What a gate says of all of them."""

    PASSED = "passed"
    REGRESSED = "regressed"
    UNSURE = "unsure"
    FAILED = "failed"
    """An arm did."""


OK, IMPROVED, REGRESSED, UNSURE, NOT_MEASURED = CheckAnswer
NOT_COMPLETED = "the pass that counts it was not completed"
LEAST_SECONDS = 0.1
"""What a first epoch may take longer in any case: nobody notices, and what it is a large share of scatters by more."""


@dataclass(frozen=True)
class Check:
    """What was gated, and what came of it. Null is what does not apply, or was not measured."""

    variant: str
    metric: str
    part: str | None
    """The kind of epoch, or the metric of quality."""
    answer: CheckAnswer
    base: float | None = None
    """Seconds, bytes, a count, or the metric's own unit."""
    head: float | None = None
    ratio: Ratio | None = None
    tolerance: float | str | None = None
    why: str | None = None
    """What a reader has to know beside the figures."""
    smallest_visible_ratio: float | None = None
    """Of a time: the smallest ratio above 1 that would have shown."""


def time_tolerance(tolerances: Tolerances, metric: str, seconds: float | None, once: float) -> float:
    """How much longer a gated time may take, as a share: one that took `seconds`, of a training of which the share
    `once` goes to tracing and compiling."""
    share: float = tolerances.of_total_time(once) if metric == TOTAL_TIME else tolerances[metric]
    if metric == FIRST_EPOCH_TIME and seconds:
        return max(share, LEAST_SECONDS / seconds)
    return share
