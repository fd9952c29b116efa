"""Which change earned what, where several were made together.

A *cell* is a set of changes, and its value what training costs with these and no others. What a change adds depends on
which others are there already: a cap on memory is worth nothing once nothing grows. Its Shapley share is what it adds
to those before it, on the average over all orders in which the changes can be made (L. S. Shapley, "A value for
n-person games", 1953). It is the only rule by which the shares add up to the whole, changes that do alike get alike,
one that never adds anything gets nothing, and the shares of a sum of costs are the sums of their shares.

Of a few changes all cells are measured, and the shares are exact. Of more, some orders stand for all: the mean of what
a change adds in orders drawn by lot is an unbiased estimate (J. Castro, D. Gómez and J. Tejada, "Polynomial calculation
of the Shapley value based on sampling", 2009). Each order is drawn with its reverse, in which of any two changes the
other one comes first: then whatever two changes do to each other is shared evenly, and only what three or more do
together is left to chance (R. Mitchell, J. Cooper, E. Frank and G. Holmes, "Sampling permutations for Shapley value
estimation", 2022, on such antithetic pairs).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from math import comb

Cell = frozenset[str]
"""The changes that have been made."""
Values = Mapping[Cell, float]


def shares(values: Values, changes: Sequence[str]) -> dict[str, float]:
    """The Shapley share of each change, from the values of all 2^n cells; they add up to the whole difference.

    Raises KeyError where a cell is missing.
    """
    return {
        change: sum(
            (values[before | {change}] - values[before]) / (len(changes) * comb(len(changes) - 1, len(before)))
            for before in subsets([other for other in changes if other != change])
        )
        for change in changes
    }


def shares_by_orders(values: Values, orders: Sequence[Sequence[str]]) -> dict[str, float]:
    """What each change adds to those before it, on the average over some orders; it too adds up to the whole.

    Needs the cells along these orders only. Raises KeyError where one is missing.
    """
    found = dict.fromkeys(orders[0], 0.0)
    for order in orders:
        for change, before, after in steps(order):
            found[change] += (values[after] - values[before]) / len(orders)
    return found


def interactions(values: Values, changes: Sequence[str]) -> dict[tuple[str, str], float]:
    """How much more two changes add together than each does without the other, for every two, from all 2^n cells.

    The average over the sets of others that may be there already, weighed as in all orders (M. Grabisch and M. Roubens,
    "An axiomatic approach to the concept of interaction among players in cooperative games", 1999). Of costs, less than
    0 is two changes that help each other; more, two that do the same work. Raises KeyError where a cell is missing.
    """
    return {
        (one, other): sum(
            (values[there | {one, other}] - values[there | {one}] - values[there | {other}] + values[there])
            / ((len(changes) - 1) * comb(len(changes) - 2, len(there)))
            for there in subsets([third for third in changes if third not in (one, other)])
        )
        for one, other in combinations(changes, 2)
    }


def steps(order: Sequence[str]) -> Iterator[tuple[str, Cell, Cell]]:
    """Each change of an order, with the cells before and after it."""
    for place, change in enumerate(order):
        before = frozenset(order[:place])
        yield change, before, before | {change}


def subsets(changes: Iterable[str]) -> Iterator[Cell]:
    """All sets of these changes, the smallest first."""
    names = list(changes)
    for size in range(len(names) + 1):
        yield from map(frozenset, combinations(names, size))
