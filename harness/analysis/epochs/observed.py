"""What was watched in an arm's processes: what was not has no number, not even 0."""

from harness.record.schema import Epoch
from harness.record.store import Record

TRACES, COMPILATIONS = "traces", "compilations"
_BEFORE = "TensorFlow was not loaded"
"""What earlier versions said of traces alone, when it was true of compilations as well."""


def why_unobserved(record: Record, arm: str, what: str) -> str | None:
    """Why the `traces` or `compilations` of an arm have no number; None where they have one."""
    reasons = record.unavailable(arm)
    why = reasons.get(what)
    if why is None and reasons.get(TRACES) == _BEFORE and what == COMPILATIONS:
        why = _BEFORE
    seen = any(_events(epoch, what) for piece in record.slices if piece.arm == arm for epoch in piece.epochs)
    return None if seen else why  # one of its processes ended before it had loaded what it traces with


def _events(epoch: Epoch, what: str) -> int:
    return len(epoch.traces if what == TRACES else epoch.compiles)
