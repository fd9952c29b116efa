from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned import planned

from harness.plan.cells import Ablation, Change, blocks_of_orders, change_sets, draw_orders
from harness.plan.plan import Plan

NAMES = [f"change{number}" for number in range(12)]
few = st.integers(1, 4).map(lambda number: NAMES[:number])
many = st.integers(5, 12).map(lambda number: NAMES[:number])


def plan(names, orders):
    made = {"/".join(some) or "none": some for some in change_sets(names, orders)}
    first, *_, last = made
    return Ablation(first, last, tuple(Change(name, "") for name in names), made, tuple(orders))


@given(few)
def test_few_changes_measure_every_set_in_every_block(names):
    found = plan(names, ())
    assert len(found.cells) == 2 ** len(names)
    assert found.labels(0) == found.labels(3) == list(found.cells)
    assert (found.cells[found.start], found.cells[found.goal]) == ((), tuple(names))


@given(many, st.integers(0, 9), st.integers(1, 12))
def test_many_changes_measure_two_orders_per_block(names, seed, blocks):
    orders = draw_orders(names, blocks, seed)
    found = plan(names, orders)
    wanted = set()
    for block, order in enumerate(orders):
        assert sorted(order) == sorted(names)
        assert found.pair(block) == (order, tuple(reversed(order)))
        labels = found.labels(block)
        assert {found.start, found.goal} <= set(labels)
        assert len(labels) == len(set(labels)) == 2 * len(names)
        made = {frozenset(found.cells[label]) for label in labels}
        assert made == {frozenset(way[:n]) for way in found.pair(block) for n in range(len(names) + 1)}
        wanted |= set(labels)
    assert wanted == set(found.cells)


@given(many, st.integers(0, 9))
def test_orders_are_a_function_of_the_seed_and_more_blocks_only_add(names, seed):
    orders = draw_orders(names, 9, seed)
    assert draw_orders(names, 9, seed) == orders
    assert draw_orders(names, 4, seed) == orders[:4]


@given(many, st.integers(0, 99))
def test_each_change_is_first_or_last_as_often_as_planned(names, seed):
    once, twice = blocks_of_orders(names)
    for blocks, times in ((once, 1), (twice, 2)):
        ends = Counter(end for order in draw_orders(names, blocks, seed) for end in (order[0], order[-1]))
        assert all(ends[name] >= times for name in names)


def test_every_change_is_as_likely_in_every_place():
    """Otherwise the shares would be biased towards early or late effects of some changes."""
    names = NAMES[:5]
    for block in (0, 3):  # the fourth begins where the first dealing of ends is used up
        places = Counter()
        for seed in range(2000):
            order = draw_orders(names, block + 1, seed)[block]
            places.update((name, order.index(name)) for name in names)
        assert len(places) == 25
        assert all(320 < times < 480 for times in places.values())  # 400 are expected, with a standard deviation of 18


def test_sets_are_in_order_of_size_and_of_the_changes():
    assert change_sets(["x", "a"], ()) == [(), ("x",), ("a",), ("x", "a")]


@pytest.mark.parametrize(
    ("different", "message"),
    [
        ({"changes": ()}, "their names must differ"),
        ({"changes": (Change("x", ""), Change("x", ""))}, "their names must differ"),
        ({"cells": {"a": (), "b": ("z",)}}, "that the ablation does not list"),
        ({"start": "b"}, "none of its changes, and its goal all of them"),
        ({"goal": "c"}, "none of its changes, and its goal all of them"),
        ({"orders": (("x", "x"),)}, "every change exactly once"),
    ],
)
def test_rejects_an_invalid_plan_when_reading_it(different, message):
    good = Ablation("a", "b", (Change("x", ""), Change("y", "")), {"a": (), "b": ("x", "y")}, (("y", "x"),))
    assert msgspec.json.decode(msgspec.json.encode(good), type=Ablation) == good
    bad = msgspec.to_builtins(good) | {key: msgspec.to_builtins(value) for key, value in different.items()}
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(bad, Ablation)


def test_a_plan_has_an_order_for_every_block():
    plan = planned("ablate", start="original", goal="fast")
    with pytest.raises(msgspec.ValidationError, match="an order for every block"):
        msgspec.convert(msgspec.to_builtins(plan) | {"blocks": plan.blocks + 1}, Plan)
