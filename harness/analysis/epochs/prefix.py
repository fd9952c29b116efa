"""The epochs that an arm and its baseline both ran, in the same order, from the first on.

Up to there, two processes from the same seed have done the same, and what is deterministic can be compared exactly.
"""

from collections.abc import Sequence

from harness.record.lines import Lines
from harness.record.schema import Epoch, Slice


def common_prefixes(record: Lines, arm: str) -> list[list[tuple[Epoch, Epoch]]]:
    """Return, for each group of arms, the pairs of `arm`'s epoch and the baseline's, until the index differs."""
    groups = dict.fromkeys((piece.block, piece.group) for piece in record.slices)
    return [
        pair_epochs(_list_epochs(record, *group, arm), _list_epochs(record, *group, record.baseline))
        for group in groups
    ]


def own_prefixes(record: Lines, arm: str) -> list[list[tuple[Epoch, Epoch]]]:
    """Return the same for each of `arm`'s own processes but the first, paired with the first."""
    groups = dict.fromkeys((piece.block, piece.group) for piece in record.slices if piece.arm == arm)
    first, *others = [_list_epochs(record, *group, arm) for group in groups] or [[]]
    return [pair_epochs(other, first) for other in others]


def _list_epochs(record: Lines, block: int, group: int, arm: str) -> list[Epoch]:
    """Return the epochs of one process in the order in which it ran them, which is that of its lines."""
    own = [piece for piece in record.slices if (piece.block, piece.group, piece.arm) == (block, group, arm)]
    return [epoch for piece in own for epoch in piece.epochs]


def first_process(slices: Sequence[Slice], arm: str) -> list[Epoch]:
    """Return the epochs of the arm's first process among these slices, in the order in which they ran."""
    own = [piece for piece in slices if piece.arm == arm]
    first = next(((piece.block, piece.group) for piece in own), None)
    return [epoch for piece in own if (piece.block, piece.group) == first for epoch in piece.epochs]


def pair_epochs(mine: Sequence[Epoch], theirs: Sequence[Epoch]) -> list[tuple[Epoch, Epoch]]:
    """Return the pairs of two processes' epochs, from the first on, until the index differs."""
    pairs = list(zip(mine, theirs, strict=False))
    apart = next((place for place, (own, other) in enumerate(pairs) if own.index != other.index), len(pairs))
    return pairs[:apart]
