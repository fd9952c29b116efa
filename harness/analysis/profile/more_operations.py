"""Whether epochs run more and more operations, from the pass that observes operations."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from harness.analysis.epochs.typical import by_kind, undisturbed
from harness.analysis.profile.phases import watched
from harness.record import evidence
from harness.record.lines import Lines
from harness.record.schema import Epoch

FEWEST = 4
"""The number of epochs below which a rise may be chance. The pass has five of a kind, and the first one is special."""
STEADY = 2.0
"""The largest rise of an epoch may be this many times the smallest. What is done now and then rises in leaps."""
LEAST = 1e-3
"""The smallest rise that counts, as a share of the operations of an epoch."""
ALL = re.compile("")
STEPS = re.compile("AccumulateGrad")
"""Matches the operations with which PyTorch ends a backward pass, one for each parameter."""
GRADIENTS = re.compile(r"Backward\d*$")
"""Matches the types of PyTorch's operations for gradients."""


@dataclass(frozen=True, kw_only=True)
class Rise:
    """A rise of the number of operations from epoch to epoch."""

    per_epoch: float
    first: int
    last: int
    """The numbers of the epochs between which it was seen."""
    first_count: int
    last_count: int
    """The operations in those epochs."""
    graph: bool = False
    """Whether operations for gradients rise as well, so that the graph of the loss grows."""


def rises(record: Lines, arm: str) -> dict[str, Rise]:
    """Return the rise of each kind of epoch that has one.

    Epochs that trace or compile are left out, and so are those that may well do more on purpose: whose trainer reports
    sizes that grow, that take more steps, or that have more operations but not for gradients. The history of an
    optimizer such as L-BFGS grows like that, until it is full.
    """
    found = {}
    for kind, epochs in by_kind(watched(record, arm, "operations")).items():
        typical = [epoch for epoch in epochs if undisturbed(epoch) and evidence.operations(epoch)]
        rise = find_rise([(epoch.index, _count(epoch, ALL)) for epoch in typical])
        if not rise or _report_growth(epochs) or _count(typical[-1], STEPS) > _count(typical[0], STEPS):
            continue
        gradients = [(epoch.index, _count(epoch, GRADIENTS)) for epoch in typical]
        graph = find_rise(gradients) is not None
        if graph or not any(count for _, count in gradients):
            found[kind] = replace(rise, graph=graph)
    return found


def find_rise(counts: Sequence[tuple[int, int]]) -> Rise | None:
    """Return the rise of these counts, given with the numbers of their epochs; None if they do not rise steadily."""
    if len(counts) < FEWEST:
        return None
    slopes = [(after - before) / max(end - begin, 1) for (begin, before), (end, after) in pairwise(counts)]
    (first, first_count), (last, last_count) = counts[0], counts[-1]
    if min(slopes) <= 0 or max(slopes) > STEADY * min(slopes) or min(slopes) < LEAST * last_count:
        return None
    per_epoch = (last_count - first_count) / (last - first)
    return Rise(per_epoch=per_epoch, first=first, last=last, first_count=first_count, last_count=last_count)


def _count(epoch: Epoch, types: re.Pattern[str]) -> int:
    """Return the number of operations of these types."""
    return sum(use.calls for use in evidence.operations(epoch) if types.search(use.type))


def _report_growth(epochs: Sequence[Epoch]) -> bool:
    """Whether one of the trainer's sizes grew in these epochs. An epoch holds only those that changed."""
    latest: dict[str, float] = {}
    for epoch in epochs:
        if any(size > latest.get(name, size) for name, size in epoch.sizes.items()):
            return True
        latest.update(epoch.sizes)
    return False
