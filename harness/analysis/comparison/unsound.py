"""Whether an arm's losses are those of a training that works: finite, and falling.

The losses are those of the first process of the arm.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import stats

from harness.analysis.epochs.prefix import first_process
from harness.record.lines import Lines
from harness.record.schema import Epoch

Values = np.ndarray[tuple[int], np.dtype[np.float64]]
FEWEST = 20
"""Epochs below which nothing is said of the course of a loss."""
RISES = 0.5
"""Rank correlation of a loss with the epochs from which on it rises."""
BY = 1.1
"""By how much the last third of its epochs must lie above the first third, then."""


TOTALS = {"loss", "losses", "total", "value", "sum", "all", "overall", "objective", "cost", "train", "training"}
"""The words of which names of totals consist."""


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
    total: bool = False
    """Whether its name says that it includes other losses that the arm has."""


def unsound(record: Lines, arm: str) -> list[Unsound]:
    """Return what is wrong with the losses of `arm`: those that are not finite first, in the order in which they fail,
    and terms before the totals that include them.

    The course of a loss is judged over consecutive epochs of one kind only: where epochs are sampled, or another kind
    weights the terms in another way, it says nothing. Losses rise only if none of them falls.
    """
    epochs = first_process(record.slices, arm)
    missing = [one for name in _list_names(epochs) if (one := _find_not_finite(name, epochs))]
    found = sorted(missing, key=lambda one: (one.first, one.total))
    stretch = _find_longest_stretch(epochs)
    moving, rising = 0, []
    for name in _list_names(stretch):
        indices, values = _read_course(name, stretch)
        if len(values) < FEWEST:
            continue
        if np.all(values == values[0]):
            if values[0]:  # a term that is 0 throughout is one that the training does not have
                found.append(Unsound(Fault.CONSTANT, name, indices[0], len(values), len(values)))
            continue
        moving += 1
        if rise := _find_rise(name, indices, values):
            rising.append(rise)
    return found + (rising if len(rising) == moving else [])


def _list_names(epochs: Sequence[Epoch]) -> list[str]:
    return list(dict.fromkeys(name for epoch in epochs for name in epoch.losses))


def _find_not_finite(name: str, epochs: Sequence[Epoch]) -> Unsound | None:
    own = [epoch for epoch in epochs if name in epoch.losses]
    missing = [epoch.index for epoch in own if epoch.losses[name] is None]
    if not missing:
        return None
    total = _is_total(name) and any(len(epoch.losses) > 1 for epoch in own)
    return Unsound(Fault.NOT_FINITE, name, min(missing), len(missing), len(own), total=total)


def _is_total(name: str) -> bool:
    """Whether a name is that of a total: `loss`, `total_loss` or `loss_value`, and not `loss_pde`."""
    parts = re.split(r"[\W_]+", name.lower())
    return all(part in TOTALS for part in parts if part)


def _find_longest_stretch(epochs: Sequence[Epoch]) -> list[Epoch]:
    """Return the longest run of consecutive epochs of one kind."""
    stretches: list[list[Epoch]] = []
    for epoch in epochs:
        last = stretches[-1][-1] if stretches else None
        if last and epoch.index == last.index + 1 and epoch.kind == last.kind:
            stretches[-1].append(epoch)
        else:
            stretches.append([epoch])
    return max(stretches, key=len, default=[])


def _read_course(name: str, epochs: Sequence[Epoch]) -> tuple[list[int], Values]:
    """Return the epochs that have a loss, and its values; nothing if any of these is not finite."""
    own = [(epoch.index, epoch.losses[name]) for epoch in epochs if name in epoch.losses]
    if any(value is None for _, value in own):
        return [], np.array([], dtype=float)
    return [index for index, _ in own], np.array([value for _, value in own], dtype=float)


def _find_rise(name: str, indices: Sequence[int], values: Values) -> Unsound | None:
    third = len(values) // 3
    before, after = float(np.median(values[:third])), float(np.median(values[-third:]))
    trend = stats.spearmanr(np.arange(len(values)), values).statistic
    if trend > RISES and 0 < BY * before < after:
        return Unsound(Fault.RISING, name, indices[0], len(values), len(values), before, after)
    return None
