"""The contribution of each of several changes that were made together: Shapley values.

A *cell* is a set of changes, and its value is the cost of training with exactly these changes. What a change adds
depends on which others have been made already: a limit on memory gains nothing if memory no longer grows. The Shapley
share of a change is what it adds to the changes before it, averaged over all orders in which the changes can be made
(L. S. Shapley, "A value for n-person games", 1953). It is the only rule with these properties: the shares add up to the
total; changes with equal effects get equal shares; a change that never adds anything gets 0; and the shares of a sum of
costs are the sums of the shares.

With few changes, all cells are measured and the shares are exact. With more, some orders represent all: the mean of
what a change adds in random orders is an unbiased estimate (J. Castro, D. Gómez and J. Tejada, "Polynomial calculation
of the Shapley value based on sampling", 2009). Each order is drawn with its reverse, in which every two changes come in
the opposite order. The effect of two changes on each other is then shared evenly, and only effects of three or more
together are left to chance (R. Mitchell, J. Cooper, E. Frank and G. Holmes, "Sampling permutations for Shapley value
estimation", 2022, on such antithetic pairs).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from math import comb

Cell = frozenset[str]
"""The set of changes that have been made."""
Values = Mapping[Cell, float]


def shapley_shares(values: Values, changes: Sequence[str]) -> dict[str, float]:
    """Return the Shapley share of each change, from the values of all 2^n cells; they add up to the total difference.

    Raises KeyError if a cell is missing.
    """
    return {
        change: sum(
            (values[before | {change}] - values[before]) / (len(changes) * comb(len(changes) - 1, len(before)))
            for before in subsets([other for other in changes if other != change])
        )
        for change in changes
    }


def shares_by_orders(values: Values, orders: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return what each change adds to those before it, averaged over some orders; this too adds up to the total.

    Needs only the cells along these orders. Raises KeyError if one is missing.
    """
    found = dict.fromkeys(orders[0], 0.0)
    for order in orders:
        for change, before, after in steps(order):
            found[change] += (values[after] - values[before]) / len(orders)
    return found


def interactions(values: Values, changes: Sequence[str]) -> dict[tuple[str, str], float]:
    """Return how much more every two changes add together than each without the other, from all 2^n cells.

    This is the average over the sets of other changes that may have been made already, weighted as in all orders (M.
    Grabisch and M. Roubens, "An axiomatic approach to the concept of interaction among players in cooperative games",
    1999). For costs, a value below 0 means that two changes help each other; above 0, that they do the same work.
    Raises KeyError if a cell is missing.
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
    """Yield each change of an order with the cells before and after it."""
    for place, change in enumerate(order):
        before = frozenset(order[:place])
        yield change, before, before | {change}


def subsets(changes: Iterable[str]) -> Iterator[Cell]:
    """Yield all subsets of these changes, the smallest first."""
    names = list(changes)
    for size in range(len(names) + 1):
        yield from map(frozenset, combinations(names, size))
