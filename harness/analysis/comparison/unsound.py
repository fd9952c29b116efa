"""Whether an arm's losses are those of a training that works: finite, and falling.

The losses are those of the first process of the arm, in the order of its epochs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import stats

from harness.record.lines import Lines
from harness.record.schema import Epoch

FEWEST = 20
"""Epochs below which nothing is said of the course of a loss."""
RISES = 0.5
"""Rank correlation of a loss with the epochs from which on it rises."""
BY = 1.1
"""By how much the last third of its epochs must lie above the first third, then."""


class Fault(StrEnum):
    """What is wrong with a loss."""

    NOT_FINITE = "not finite"
    CONSTANT = "constant"
    RISING = "rising"


@dataclass(frozen=True)
class Unsound:
    """A loss of an arm that is not as it should be."""

    fault: Fault
    loss: str
    first: int
    """The index of the first epoch in which it is so; for a constant or rising loss, of its first epoch."""
    epochs: int
    """In how many epochs."""
    of: int
    """How many epochs of that process have this loss."""
    before: float | None = None
    """The median of its first third, if it rises."""
    after: float | None = None
    """That of its last third."""


def unsound(record: Lines, arm: str) -> list[Unsound]:
    """Return what is wrong with the losses of `arm`: those that are not finite first."""
    epochs = _list_epochs(record, arm)
    names = dict.fromkeys(name for epoch in epochs for name in epoch.losses)
    found = [one for name in names if (one := _judge(name, epochs))]
    return sorted(found, key=lambda one: list(Fault).index(one.fault))


def _list_epochs(record: Lines, arm: str) -> list[Epoch]:
    first = next(((piece.block, piece.group) for piece in record.slices if piece.arm == arm), None)
    own = [piece for piece in record.slices if piece.arm == arm and (piece.block, piece.group) == first]
    return sorted((epoch for piece in own for epoch in piece.epochs), key=lambda epoch: epoch.index)


def _judge(name: str, epochs: Sequence[Epoch]) -> Unsound | None:
    own = [(epoch.index, epoch.losses[name]) for epoch in epochs if name in epoch.losses]
    missing = [index for index, value in own if value is None]
    if missing:
        return Unsound(Fault.NOT_FINITE, name, missing[0], len(missing), len(own))
    values = np.array([value for _, value in own], dtype=float)
    if len(values) < FEWEST:
        return None
    if np.all(values == values[0]):
        # A term that is 0 throughout is one that the training does not have.
        return Unsound(Fault.CONSTANT, name, own[0][0], len(own), len(own)) if values[0] else None
    third = len(values) // 3
    before, after = float(np.median(values[:third])), float(np.median(values[-third:]))
    trend = stats.spearmanr(np.arange(len(values)), values).statistic
    if trend > RISES and 0 < BY * before < after:
        return Unsound(Fault.RISING, name, own[0][0], len(own), len(own), before, after)
    return None
