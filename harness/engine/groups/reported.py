"""What a program has reported of its training so far: its latest losses stand for an evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.record.schema import Epoch


@dataclass
class Reported:
    """The metrics of one program. One that it reports only now and then keeps its latest value."""

    metrics: dict[str, float | None] = field(default_factory=dict)
    epochs: int = 0
    """The number of epochs so far."""
    is_new: bool = False
    """Whether epochs ran since the metrics were taken."""

    def add(self, epochs: Sequence[Epoch]) -> None:
        for epoch in epochs:
            self.metrics.update(epoch.losses)
            self.epochs = epoch.index + 1
            self.is_new = True

    def take(self) -> dict[str, float | None]:
        self.is_new = False
        return dict(self.metrics)

    def why_missing(self, metric: str | None) -> str | None:
        """Why it cannot be judged, in a sentence: it reported nothing, or not this metric. None if it can."""
        if not self.metrics:
            return "no loss of it was seen: report what to compare with `harness.report(loss=...)` in each epoch"
        if metric and metric not in self.metrics:
            return f"it reported no {metric!r}, the metric of the target, but only {', '.join(self.metrics)}"
        return None
