"""The trainings of a record: the metrics of each, after how many epochs and seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.record.lines import Lines


@dataclass(frozen=True)
class Checkpoint:
    """One evaluation of one training."""

    epochs: int
    seconds: float
    """The time of these epochs, without building and evaluating. For a reference, each epoch of which is a result of
    its own, only the time of the last one."""
    metrics: dict[str, float | None]
    """None for a metric that was not finite."""


@dataclass(frozen=True)
class Training:
    """The training of one arm from one seed, as far as it got."""

    seed: int
    status: str
    """`ok`, `failed`, or `cut off` if the run ended first."""
    epochs: int
    seconds: float
    """The time of its epochs, counted like `Checkpoint.seconds`."""
    checkpoints: list[Checkpoint]

    def at_epochs(self, limit: float) -> Checkpoint | None:
        """Return the last checkpoint within `limit` epochs; None if the training neither got that far nor was
        completed."""
        return self._choose_last([point for point in self.checkpoints if point.epochs <= limit], self.epochs >= limit)

    def at_seconds(self, limit: float) -> Checkpoint | None:
        """Return the last checkpoint within `limit` seconds; None as in `at_epochs`."""
        return self._choose_last([point for point in self.checkpoints if point.seconds <= limit], self.seconds >= limit)

    def first_at_most(self, metric: str, value: float) -> Checkpoint | None:
        """Return the first checkpoint at which a metric is at or below `value`."""
        for point in self.checkpoints:
            found = point.metrics.get(metric)
            if found is not None and found <= value:
                return point
        return None

    def _choose_last(self, points: Sequence[Checkpoint], got_there: bool) -> Checkpoint | None:
        return points[-1] if points and (got_there or self.status == "ok") else None


def trainings(record: Lines, arm: str) -> list[Training]:
    """Return every training of `arm` that began, by seed. One that was given up for lack of memory was started
    again."""
    given_up = {(end.block, end.group) for end in record.ends if end.arm == arm and end.status == "regrouped"}
    begun = {(line.block, line.group) for line in record.ready if line.arm == arm}
    begun |= {(end.block, end.group) for end in record.ends if end.arm == arm}  # it may have failed to be built
    last_group = dict(sorted(begun - given_up))
    return [_read_training(record, arm, block, group) for block, group in last_group.items()]


def _read_training(record: Lines, arm: str, block: int, group: int) -> Training:
    place = (arm, block, group)
    walls = {
        epoch.index: epoch.wall
        for piece in record.slices
        if (piece.arm, piece.block, piece.group) == place
        for epoch in piece.epochs
    }
    single = arm in record.plan.references

    def seconds(epochs: int) -> float:
        return sum(wall for index, wall in walls.items() if index < epochs and (index == epochs - 1 or not single))

    lines = [line for line in record.evaluations if (line.arm, line.block, line.group) == place]
    ends = [end.status for end in record.ends if (end.arm, end.block, end.group) == place]
    trained = max(walls, default=-1) + 1
    return Training(
        seed=record.plan.seed_of(block),
        status="failed" if "failed" in ends else "ok" if ends else "cut off",
        epochs=trained,
        seconds=seconds(trained),
        checkpoints=[
            Checkpoint(line.epochs, seconds(line.epochs), line.metrics)
            for line in sorted(lines, key=lambda line: line.epochs)
        ],
    )
