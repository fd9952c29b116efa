"""The cells of an ablation: sets of changes, each measured as an arm.

With up to `MOST_CROSSED` changes, every block measures all sets. With more, each block takes a random order of the
changes and its reverse, and measures the sets along these two orders. `analysis.stats.shapley` explains why that is
enough.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from math import ceil

import msgspec

MOST_CROSSED = 4
"""The largest number of changes for which all sets (16) are measured."""
FEWEST_ORDERS, MOST_ORDERS = 6, 8
"""The default minimum and maximum number of blocks; each block runs an order and its reverse. Four blocks may agree by
chance on what depends on the order; their nominal 95 % intervals contain the true value in only nine of ten cases
(`benchmarks/experiments/shares.py`)."""


class Change(msgspec.Struct, frozen=True):
    """One choice in which two variants differ."""

    name: str
    text: str
    """A description of the change, such as `median -> mean`."""


class Ablation(msgspec.Struct, frozen=True):
    """The changes between two arms, and the sets of changes that each block measures."""

    start: str
    """The label of the arm with none of the changes."""
    goal: str
    """The label of the arm with all changes."""
    changes: tuple[Change, ...]
    cells: dict[str, tuple[str, ...]]
    """The changes that are applied in each arm, by the arm's label."""
    orders: tuple[tuple[str, ...], ...] = ()
    """The order of the changes that each block uses, along with its reverse; empty if every block measures all sets."""

    def __post_init__(self) -> None:
        """Check the consistency of the fields, since a record may contain anything. Raises ValueError."""
        names = set(self.names)
        if len(names) < len(self.changes) or not names:
            raise ValueError("an ablation needs at least one change, and their names must differ")
        if not all(set(applied) <= names for applied in self.cells.values()):
            raise ValueError("a cell has a change that the ablation does not list")
        if self.cells.get(self.start) != () or set(self.cells.get(self.goal, ())) != names:
            raise ValueError("an ablation's start must have none of its changes, and its goal all of them")
        if any(sorted(order) != sorted(names) for order in self.orders):
            raise ValueError("an order must contain every change exactly once")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the changes."""
        return tuple(change.name for change in self.changes)

    def pair(self, block: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the order that a block uses and its reverse."""
        order = self.orders[block]
        return order, order[::-1]

    def labels(self, block: int) -> list[str]:
        """Return the labels of the arms that a block measures, in the plan's order."""
        if not self.orders:
            return list(self.cells)
        along = _collect_prefixes(self.pair(block))
        return [label for label, applied in self.cells.items() if frozenset(applied) in along]


def change_sets(names: Sequence[str], orders: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the sets of changes to measure: all sets, or those along `orders` and their reverses if any are given.

    Sets are sorted by size, so the empty set is first and the full set last. Each set lists its changes in the order of
    `names`.
    """
    if orders:
        subsets = _collect_prefixes([*orders, *(order[::-1] for order in orders)])
    else:
        subsets = {frozenset(subset) for size in range(len(names) + 1) for subset in combinations(names, size)}
    places = {name: place for place, name in enumerate(names)}
    in_order = [tuple(sorted(subset, key=places.__getitem__)) for subset in subsets]
    return sorted(in_order, key=lambda subset: (len(subset), [places[name] for name in subset]))


def _collect_prefixes(orders: Iterable[Sequence[str]]) -> set[frozenset[str]]:
    """Return the sets of changes along `orders`: the first k changes of each, for every k from zero to all."""
    return {frozenset(order[:size]) for order in orders for size in range(len(order) + 1)}


def blocks_of_orders(names: Sequence[str]) -> tuple[int, int]:
    """Return the default minimum and maximum number of blocks for an ablation along orders.

    They are at least `FEWEST_ORDERS` and `MOST_ORDERS`, and enough to place every change at an end of an order once and
    twice, respectively.
    """
    once = ceil(len(names) / 2)
    return max(FEWEST_ORDERS, once), max(MOST_ORDERS, 2 * once)


def draw_orders(names: Sequence[str], blocks: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """Draw a random order of the changes for each block.

    The first change of an order is measured alone there, and is added last in the reverse. So the changes take turns at
    the two ends: after half as many blocks as there are changes, each change has been measured alone and added to all
    others. For each block every order is still equally likely, so the estimate of a share stays unbiased.
    """
    rng = random.Random(f"{seed}/orders")
    ends = _deal(names, rng)
    found = []
    for _ in range(blocks):
        first, last = next(ends), next(ends)
        between = [name for name in names if name not in (first, last)]
        found.append((first, *rng.sample(between, len(between)), last))
    return tuple(found)


def _deal(names: Sequence[str], rng: random.Random) -> Iterator[str]:
    """Yield all names in random order, again and again in new orders. Items 2k and 2k + 1 always differ."""
    left: list[str] = []
    while True:
        more = rng.sample(names, len(names))
        while len(left) == 1 and more[0] == left[0]:
            more = rng.sample(names, len(names))
        left += more
        while len(left) > 1:
            yield left.pop(0)
            yield left.pop(0)
