"""What an ablation measures: sets of changes, each of them an arm.

Of up to `MOST_CROSSED` changes every block measures all sets. Of more, each block takes an order of the changes, drawn
by lot, and its reverse, and measures the sets along these two: see `analysis.stats.attribution` for why that is enough.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import ceil

import msgspec

MOST_CROSSED = 4
"""Changes up to which all sets of them are measured: 16."""
FEWEST_ORDERS, MOST_ORDERS = 6, 8
"""Blocks, each with an order and its reverse. Four may by luck agree on what depends on the order, and their intervals
hold the truth in nine of ten cases only (`benchmarks/experiments/shares.py`)."""


class Change(msgspec.Struct, frozen=True):
    """One choice in which two ways of training differ."""

    name: str
    text: str
    """What it changes, such as `median -> mean`."""


class Ablation(msgspec.Struct, frozen=True):
    """The changes between two arms, and which sets of them are measured in which block."""

    start: str
    """The label of the arm without any of them; `goal`, of that with all."""
    goal: str
    changes: tuple[Change, ...]
    cells: dict[str, tuple[str, ...]]
    """The changes that each arm has made, by its label."""
    orders: tuple[tuple[str, ...], ...] = ()
    """Of many changes, the order that each block takes, beside its reverse; empty where every block measures all."""

    def __post_init__(self) -> None:
        """A record may hold anything. Raises ValueError for what no plan can be."""
        names = set(self.names)
        if len(names) < len(self.changes) or not names:
            raise ValueError("an ablation is of changes with different names")
        if not all(set(made) <= names for made in self.cells.values()):
            raise ValueError("a cell has a change that is none of the ablation's")
        if self.cells.get(self.start) != () or set(self.cells.get(self.goal, ())) != names:
            raise ValueError("an ablation goes from none of its changes to all")
        if any(sorted(order) != sorted(names) for order in self.orders):
            raise ValueError("an order has every change once")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(change.name for change in self.changes)

    def pair(self, block: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The two orders of a block."""
        order = self.orders[block]
        return order, order[::-1]

    def labels(self, block: int) -> list[str]:
        """The arms of a block, in the plan's order."""
        if not self.orders:
            return list(self.cells)
        wanted = {frozenset(order[:size]) for order in self.pair(block) for size in range(len(order) + 1)}
        return [label for label, made in self.cells.items() if frozenset(made) in wanted]


def sets(names: Sequence[str], orders: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The sets of changes that are measured, none first and all last, each in the changes' own order."""
    if orders:
        along = {frozenset(way[:size]) for one in orders for way in (one, one[::-1]) for size in range(len(one) + 1)}
    else:
        along = {frozenset(some) for size in range(len(names) + 1) for some in combinations(names, size)}
    places = {name: place for place, name in enumerate(names)}
    in_order = [tuple(sorted(some, key=places.__getitem__)) for some in along]
    return sorted(in_order, key=lambda some: (len(some), [places[name] for name in some]))


def blocks_of_orders(names: Sequence[str]) -> tuple[int, int]:
    """The fewest and the most blocks that take orders: as many as bring every change to an end once, and twice."""
    once = ceil(len(names) / 2)
    return max(FEWEST_ORDERS, once), max(MOST_ORDERS, 2 * once)


def draw_orders(names: Sequence[str], blocks: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """An order for each block, drawn by lot.

    What comes first in an order is alone there, and last in its reverse; so the two ends are dealt in turn, and after
    half as many blocks as there are changes each has been seen alone, and added to all others. Every order is still as
    likely as any other for each block, so that what it tells stays unbiased.
    """
    lots = random.Random(f"{seed}/orders")
    ends = _dealt(names, lots)
    found = []
    for _ in range(blocks):
        first, last = next(ends), next(ends)
        between = [name for name in names if name not in (first, last)]
        found.append((first, *lots.sample(between, len(between)), last))
    return tuple(found)


def _dealt(names: Sequence[str], lots: random.Random) -> Iterator[str]:
    """The names, each once, then each once again in another order, and so on; of pairs, no two alike."""
    left: list[str] = []
    while True:
        more = lots.sample(names, len(names))
        while len(left) == 1 and more[0] == left[0]:
            more = lots.sample(names, len(names))
        left += more
        while len(left) > 1:
            yield left.pop(0)
            yield left.pop(0)
