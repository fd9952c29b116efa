"""What was observed in an arm's processes: what was not has no number, not even 0."""

from harness.record import evidence
from harness.record.lines import Lines
from harness.record.schema import Epoch
from harness.worker.wire.evidence import COMPILATIONS, TRACES

__all__ = ["COMPILATIONS", "TRACES", "why_unobserved"]


def why_unobserved(record: Lines, arm: str, what: str) -> str | None:
    """Return why the `traces` or `compilations` of an arm have no number; None if they have one."""
    reasons = record.unavailable(arm)
    why = reasons.get(what)
    seen = any(_count_events(epoch, what) for piece in record.slices if piece.arm == arm for epoch in piece.epochs)
    return None if seen else why  # one of its processes ended before it had loaded its framework


def _count_events(epoch: Epoch, what: str) -> int:
    return len(evidence.traces(epoch) if what == TRACES else evidence.compilations(epoch))
