from itertools import permutations
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.stats.shapley import interactions, shapley_shares, shares_by_orders, steps, subsets

NAMES = ("a", "b", "c", "d")


def games(names=NAMES):
    """Random values for all cells."""
    cells = list(subsets(names))
    numbers = st.floats(-10, 10)
    return st.lists(numbers, min_size=len(cells), max_size=len(cells)).map(
        lambda values: dict(zip(cells, values, strict=True))
    )


def near(one, other):
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


@given(games())
def test_shares_add_up_to_the_whole(values):
    assert near(sum(shapley_shares(values, NAMES).values()), values[frozenset(NAMES)] - values[frozenset()])


@given(games(NAMES[:3]))
def test_a_share_is_the_average_over_all_orders(values):
    every = list(permutations(NAMES[:3]))
    by_hand = dict.fromkeys(NAMES[:3], 0.0)
    for order in every:
        made = set()
        for name in order:
            without = values[frozenset(made)]
            made.add(name)
            by_hand[name] += (values[frozenset(made)] - without) / len(every)
    found = shapley_shares(values, NAMES[:3])
    assert all(near(found[name], by_hand[name]) for name in found)
    averaged = shares_by_orders(values, every)
    assert all(near(averaged[name], by_hand[name]) for name in found)


@given(games())
def test_symmetric_changes_get_equal_shares(values):
    swapped = {"a": "b", "b": "a"}
    alike = {
        cell: values[cell] + values[frozenset(swapped.get(name, name) for name in cell)] for cell in subsets(NAMES)
    }
    found = shapley_shares(alike, NAMES)
    assert near(found["a"], found["b"])


@given(games(NAMES[:3]), st.floats(-5, 5))
def test_a_constant_contribution_is_its_share(values, always):
    more = {cell: values[cell - {"d"}] + always * ("d" in cell) for cell in subsets(NAMES)}
    assert near(shapley_shares(more, NAMES)["d"], always)
    assert all(near(found, 0.0) for two, found in interactions(more, NAMES).items() if "d" in two)


@given(games(), games())
def test_the_shares_of_a_sum_are_the_sums_of_shares(one, other):
    both = shapley_shares({cell: one[cell] + other[cell] for cell in one}, NAMES)
    apart = shapley_shares(one, NAMES), shapley_shares(other, NAMES)
    assert all(near(both[name], apart[0][name] + apart[1][name]) for name in NAMES)


@given(games(), st.permutations(NAMES))
def test_one_order_adds_up_too(values, order):
    found = shares_by_orders(values, [order])
    assert near(sum(found.values()), values[frozenset(NAMES)] - values[frozenset()])


@given(
    st.dictionaries(st.sampled_from(NAMES), st.floats(-5, 5)),
    st.dictionaries(st.sampled_from([frozenset(p) for p in permutations(NAMES, 2)]), st.floats(-5, 5)),
    st.permutations(NAMES),
)
def test_an_order_and_its_reverse_are_exact_for_pairwise_interactions(alone, together, order):
    values = {
        cell: sum(alone.get(name, 0.0) for name in cell) + sum(x for two, x in together.items() if two <= cell)
        for cell in subsets(NAMES)
    }
    exact, found = shapley_shares(values, NAMES), shares_by_orders(values, [order, order[::-1]])
    assert all(near(found[name], exact[name]) for name in NAMES)


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_interaction_is_the_effect_beyond_each_change_alone(together, other):
    values = {cell: together * ({"a", "b"} <= cell) + other * ("c" in cell) for cell in subsets(NAMES)}
    found = interactions(values, NAMES)
    assert near(found["a", "b"], together)
    assert all(near(value, 0.0) for two, value in found.items() if two != ("a", "b"))
    assert near(shapley_shares(values, NAMES)["a"], together / 2)


def test_a_three_way_interaction_appears_in_each_pair():
    values = {cell: float({"a", "b", "c"} <= cell) for cell in subsets(NAMES[:3])}
    assert interactions(values, NAMES[:3]) == {("a", "b"): 0.5, ("a", "c"): 0.5, ("b", "c"): 0.5}


def test_a_single_change_has_the_whole_effect():
    values = {frozenset(): 1.0, frozenset("a"): 4.0}
    assert shapley_shares(values, ["a"]) == {"a": 3.0}
    assert interactions(values, ["a"]) == {}


def test_a_missing_cell_is_not_imputed():
    values = {cell: 0.0 for cell in subsets(NAMES) if cell != {"b", "c"}}
    with pytest.raises(KeyError):
        shapley_shares(values, NAMES)
    with pytest.raises(KeyError):
        shares_by_orders(values, [("c", "b", "a", "d")])
    assert shares_by_orders(values, [("a", "b", "c", "d")])["d"] == 0.0


def test_the_steps_of_an_order():
    assert list(steps("ba")) == [("b", frozenset(), {"b"}), ("a", {"b"}, {"a", "b"})]
