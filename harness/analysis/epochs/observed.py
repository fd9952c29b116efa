"""What was observed in an arm's processes: what was not has no number, not even 0."""

from collections.abc import Mapping, Sequence

from harness.record import evidence
from harness.record.lines import Lines
from harness.record.schema import Epoch
from harness.worker.wire.evidence import COMPILATIONS, TRACES

__all__ = ["COMPILATIONS", "TRACES", "explain_unobserved", "why_unobserved"]


def why_unobserved(record: Lines, arm: str, what: str) -> str | None:
    """Return why the `traces` or `compilations` of an arm have no number; None if they have one."""
    epochs = [epoch for piece in record.slices if piece.arm == arm for epoch in piece.epochs]
    return explain_unobserved(epochs, record.unavailable(arm), what)


def explain_unobserved(epochs: Sequence[Epoch], reasons: Mapping[str, str], what: str) -> str | None:
    """Return the same for these epochs of an arm, from the `reasons` that its processes gave."""
    seen = any(_count_events(epoch, what) for epoch in epochs)
    return None if seen else reasons.get(what)  # one of its processes ended before it had loaded its framework


def _count_events(epoch: Epoch, what: str) -> int:
    return len(evidence.traces(epoch) if what == TRACES else evidence.compilations(epoch))
