from itertools import pairwise
from math import sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness import turns
from harness.lines import Description, Segment
from harness.plan import Arm, Plan

ARMS = ("original", "moments", "batched")
PLAN = Plan("compare", tuple(Arm(name, name) for name in ARMS), "original", "case1", "smoke", 20, 3, 0, 1)


def schedule(*stretches, seekable=True):
    """A description from (kind, length) pairs, in order."""
    segments, start = [], 0
    for kind, length in stretches:
        segments.append(Segment(kind, start, start + length))
        start += length
    return Description(seekable, segments)


def breakage(every=20, length=200, seekable=True):
    """As the built-in variants: data, then ramp, then full, with a refinement every so often from the ramp on."""
    kinds = ["data" if i < 30 else "refine" if i % every == 0 else "ramp" if i < 90 else "full" for i in range(length)]
    stretches, last = [], None
    for kind in kinds:
        if kind == last:
            stretches[-1] = (kind, stretches[-1][1] + 1)
        else:
            stretches.append((kind, 1))
        last = kind
    return schedule(*stretches, seekable=seekable)


def length(description):
    return description.segments[-1].stop


def kind_at(description, index):
    return next(segment.kind for segment in description.segments if segment.start <= index < segment.stop)


def stretch_at(description, index):
    return next(segment for segment in description.segments if segment.start <= index < segment.stop)


def is_single(description, kind):
    return all(segment.stop - segment.start == 1 for segment in description.segments if segment.kind == kind)


def ran_by(arm, rounds):
    return [index for round in rounds for turn in round.turns if turn.arm == arm for index in turn.indices]


def kinds_of(description):
    return {segment.kind for segment in description.segments}


@st.composite
def schedules(draw, seekable=True):
    """Stretches of kinds that change, some of them made of single epochs only."""
    kinds = draw(st.lists(st.sampled_from(["data", "ramp", "full", "refine", "save"]), min_size=1, max_size=12))
    kinds = [kind for kind, before in zip(kinds, [None, *kinds], strict=False) if kind != before]
    lengths = st.integers(1, 25)
    return schedule(*((kind, 1 if kind in ("refine", "save") else draw(lengths)) for kind in kinds), seekable=seekable)


@st.composite
def blocks(draw, schedules=schedules()):  # noqa: B008 - a strategy is a value
    """(plan, block, group, descriptions, paces): the same schedule for all arms, as mostly, or each its own."""
    arms = ARMS[: draw(st.integers(1, 3))]
    if draw(st.booleans()):
        descriptions = dict.fromkeys(arms, draw(schedules))
    else:
        descriptions = {arm: draw(schedules) for arm in arms}
    plan = planned(
        epochs=draw(st.integers(1, 80)),
        seed=draw(st.integers(0, 5)),
        slice_seconds=draw(st.sampled_from([0.0, 0.1, 0.3])),
        baseline=draw(st.sampled_from(ARMS)),
    )
    pace = st.floats(0.01, 1)
    paces = {
        arm: {kind: draw(pace) for kind in sorted(kinds_of(description) or {"epoch"})}
        for arm, description in descriptions.items()
    }
    return plan, draw(st.integers(0, 3)), draw(st.integers(0, 2)), descriptions, paces


def planned(**changes):
    return Plan(**{name: getattr(PLAN, name) for name in Plan.__struct_fields__} | changes)


without_seek = st.one_of(schedules(seekable=False), st.just(Description(seekable=False, segments=[])))


# What holds however the epochs are chosen


@given(blocks(st.one_of(schedules(), without_seek)))
def test_a_block_is_a_pure_function_of_its_plan(block):
    plan, number, group, descriptions, paces = block
    assert turns.rounds(plan, number, group, descriptions, paces) == turns.rounds(
        plan, number, group, descriptions, paces
    )
    for arm in descriptions:
        assert turns.warm_up(plan, arm, descriptions) == turns.warm_up(plan, arm, descriptions)


@given(blocks(st.one_of(schedules(), without_seek)))
def test_rounds_count_from_one_and_no_arm_has_two_turns_or_an_empty_one(block):
    rounds = turns.rounds(*block)
    assert [round.number for round in rounds] == list(range(1, len(rounds) + 1))
    for round in rounds:
        arms = [turn.arm for turn in round.turns]
        assert len(set(arms)) == len(arms) > 0
        assert all(turn.indices for turn in round.turns)


@pytest.mark.parametrize("seekable", [True, False])
def test_blocks_groups_and_seeds_each_draw_an_order_of_their_own(seekable):
    descriptions = dict.fromkeys(ARMS, breakage(seekable=seekable))
    paces = dict.fromkeys(ARMS, dict.fromkeys(["data", "ramp", "full", "refine"], 0.1))

    def orders(plan, block, group):
        return [[turn.arm for turn in round.turns] for round in turns.rounds(plan, block, group, descriptions, paces)]

    first = orders(PLAN, 0, 0)
    assert len(first) >= 8
    for other in (orders(PLAN, 1, 0), orders(PLAN, 0, 1), orders(planned(seed=1), 0, 0)):
        assert len(other) == len(first)
        assert other != first


def test_kinds_take_turns_in_random_order():
    descriptions = {"original": breakage()}
    paces = {"original": dict.fromkeys(["data", "ramp", "full", "refine"], 0.1)}
    rounds = turns.rounds(planned(epochs=90), 0, 0, descriptions, paces)
    kinds = [kind_at(descriptions["original"], round.turns[0].indices[0]) for round in rounds]
    changes = sum(before != after for before, after in pairwise(kinds))
    assert len(rounds) > 25
    assert changes > len(rounds) / 3  # in order there would be three


def test_every_arm_is_first_about_as_often_as_any_other():
    descriptions = dict.fromkeys(ARMS, breakage(seekable=False))
    plan = planned(epochs=150, slice_seconds=0.0)
    paces = {key: {"epoch": 1.0} for key in ARMS}
    firsts = [round.turns[0].arm for b in range(4) for round in turns.rounds(plan, b, 0, descriptions, paces)]
    assert len(firsts) == 4 * 148
    assert all(150 < firsts.count(arm) < 250 for arm in ARMS)


@given(st.lists(st.text(max_size=5), unique=True, max_size=6), st.integers(0, 9), st.integers(0, 9))
def test_the_start_order_is_a_permutation_that_repeats(arms, block, group):
    order = turns.start_order(PLAN, block, group, arms)
    assert sorted(order) == sorted(arms)
    assert order == turns.start_order(PLAN, block, group, arms)


def test_start_orders_differ_between_blocks():
    assert len({tuple(turns.start_order(PLAN, block, 0, ARMS)) for block in range(30)}) == 6


# In lockstep


def test_one_arm_that_cannot_seek_puts_all_in_lockstep():
    assert not turns.in_lockstep({"original": breakage(), "moments": breakage()})
    assert turns.in_lockstep({"original": breakage(), "moments": breakage(seekable=False)})


@given(blocks(st.one_of(schedules(), without_seek)))
def test_in_lockstep_every_arm_runs_every_epoch_once_and_in_order(block):
    plan, _, _, descriptions, _ = block
    assume(turns.in_lockstep(descriptions))
    known = [length(description) for description in descriptions.values() if description.segments]
    rounds = turns.rounds(*block)
    for arm in descriptions:
        ran = turns.warm_up(plan, arm, descriptions)
        ran += ran_by(arm, rounds)
        assert ran == list(range(min([plan.epochs, *known])))
    for round in rounds:
        assert {turn.arm for turn in round.turns} == set(descriptions)
        assert len({tuple(turn.indices) for turn in round.turns}) == 1


@given(st.integers(1, 200), st.floats(1e-6, 1), st.sampled_from([0.0, 0.3]))
def test_lockstep_has_ten_rounds_where_it_has_the_epochs_and_no_more_than_slices_need(epochs, pace, slice_seconds):
    plan = planned(epochs=epochs, slice_seconds=slice_seconds)
    descriptions = dict.fromkeys(ARMS, Description(False, []))
    rounds = turns.rounds(plan, 0, 0, descriptions, {key: {"epoch": pace} for key in ARMS})
    after_warm_up = max(0, epochs - 2)
    assert len(rounds) >= min(turns.ROUNDS, after_warm_up)
    if len(rounds) > 2 * turns.ROUNDS:
        assert (len(rounds[0].turns[0].indices) + 1) * pace > slice_seconds


# Sampled by seeking


@given(blocks())
def test_every_turn_is_within_the_schedule_and_of_one_kind_which_its_round_shares(block):
    descriptions = block[3]
    for round in turns.rounds(*block):
        for turn in round.turns:
            assert all(0 <= index < length(descriptions[turn.arm]) for index in turn.indices)
        (kind,) = {kind_at(descriptions[turn.arm], index) for turn in round.turns for index in turn.indices}
        taking_part = {turn.arm for turn in round.turns}
        having = {arm for arm in descriptions if kind in kinds_of(descriptions[arm])}
        # Single epochs may all have been run in the warm-up: one of them was the first.
        assert taking_part <= having
        assert {arm for arm in having if not is_single(descriptions[arm], kind)} <= taking_part


@given(blocks())
def test_no_epoch_of_a_kind_of_single_epochs_runs_twice(block):
    plan, _, _, descriptions, _ = block
    rounds = turns.rounds(*block)
    for arm, description in descriptions.items():
        ran = turns.warm_up(plan, arm, descriptions)
        ran += ran_by(arm, rounds)
        singles = [index for index in ran if is_single(description, kind_at(description, index))]
        assert len(set(singles)) == len(singles)


@given(blocks())
def test_a_slice_lasts_long_enough_that_switching_costs_little(block):
    plan, _, _, descriptions, paces = block
    rounds = turns.rounds(*block)
    kinds = [kind_at(descriptions[round.turns[0].arm], round.turns[0].indices[0]) for round in rounds]
    for round, kind in zip(rounds, kinds, strict=True):
        for turn in round.turns:
            if is_single(descriptions[turn.arm], kind):
                assert len(turn.indices) == 1
            else:
                pace = paces[turn.arm][kind]
                if kinds.count(kind) > turns.ROUNDS // 2:  # else slices are shortened to have as many rounds
                    assert len(turn.indices) * pace >= plan.slice_seconds * (1 - 1e-9)
                assert len(turn.indices) == 1 or (len(turn.indices) - 1) * pace < plan.slice_seconds


@given(blocks())
def test_warming_up_runs_the_first_epoch_of_every_kind_and_where_each_is_sampled(block):
    plan, _, _, descriptions, _ = block
    rounds = turns.rounds(*block)
    for arm, description in descriptions.items():
        warmed = turns.warm_up(plan, arm, descriptions)
        assert all(0 <= index < length(description) for index in warmed)
        for kind in kinds_of(description):
            firsts = [segment.start for segment in description.segments if segment.kind == kind]
            assert firsts[0] in warmed
        places = {stretch_at(description, index) for index in warmed}
        for index in ran_by(arm, rounds):
            if not is_single(description, kind_at(description, index)):
                assert stretch_at(description, index) in places


@given(blocks())
def test_a_kind_is_sampled_from_one_stretch_going_round_in_order(block):
    descriptions = block[3]
    rounds = turns.rounds(*block)
    for arm, description in descriptions.items():
        for kind in kinds_of(description):
            if is_single(description, kind):
                continue
            ran = [index for index in ran_by(arm, rounds) if kind_at(description, index) == kind]
            assert len({stretch_at(description, index) for index in ran}) <= 1
            for before, after in pairwise(ran):
                stretch = stretch_at(description, before)
                assert after == (before + 1 if before + 1 < stretch.stop else stretch.start)


def fresh(description, kind, warmed):
    """The single epochs after the first that were not warmed up, and of these the ones whose consequences were not."""
    met = {stretch_at(description, index) for index in warmed}
    left = [s.start for s in description.segments if s.kind == kind and s.start not in warmed]
    ends = length(description)
    return left, [index for index in left if index + 1 == ends or stretch_at(description, index + 1) not in met]


@given(blocks())
def test_refinements_whose_consequences_were_met_are_avoided_while_others_remain(block):
    plan, _, _, descriptions, _ = block
    rounds = turns.rounds(*block)
    for arm, description in descriptions.items():
        warmed = turns.warm_up(plan, arm, descriptions)
        ran = set(ran_by(arm, rounds))
        for kind in kinds_of(description):
            if is_single(description, kind):
                left, unmet = fresh(description, kind, warmed)
                sampled = {index for index in ran if kind_at(description, index) == kind}
                assert sampled <= set(unmet or left)


@given(blocks())
def test_every_kind_gets_its_quota_by_the_root_of_how_common_it_is(block):
    plan, _, _, descriptions, _ = block
    assume(len(set(map(str, descriptions.values()))) == 1)  # one schedule: no arm bounds another
    description = next(iter(descriptions.values()))
    roots = {
        kind: sqrt(sum(segment.stop - segment.start for segment in description.segments if segment.kind == kind))
        for kind in kinds_of(description)
    }
    rounds = turns.rounds(*block)
    for arm in descriptions:
        warmed = turns.warm_up(plan, arm, descriptions)
        for kind, root in roots.items():
            quota = max(1, round(plan.epochs * root / sum(roots.values())))
            ran = [index for index in ran_by(arm, rounds) if kind_at(description, index) == kind]
            if is_single(description, kind):
                left, unmet = fresh(description, kind, warmed)
                assert len(ran) == min(quota, len(unmet or left))
            else:
                assert len(ran) >= quota


def test_arms_of_one_schedule_are_sampled_at_the_same_place():
    descriptions = dict.fromkeys(ARMS, breakage())
    paces = dict.fromkeys(ARMS, dict.fromkeys(["data", "ramp", "full", "refine"], 0.1))
    rounds = turns.rounds(planned(epochs=60), 0, 0, descriptions, paces)
    for kind in ("data", "ramp", "full"):
        seen = [round for round in rounds if kind_at(descriptions["original"], round.turns[0].indices[0]) == kind]
        assert len(seen) > 2
        assert all(len({tuple(turn.indices) for turn in round.turns}) == 1 for round in seen)


@pytest.mark.parametrize(("pace", "slices"), [(0.15, [1] * 5), (0.01, [2] * 5), (0.9, [1] * 10)])
def test_slices_are_shortened_so_that_a_kind_has_some_rounds(pace, slices):
    descriptions = dict.fromkeys(ARMS, schedule(("data", 100)))
    plan = planned(epochs=len(slices) * slices[0], slice_seconds=0.3)
    rounds = turns.rounds(plan, 0, 0, descriptions, {key: {"data": pace} for key in ARMS})
    assert [len(round.turns[0].indices) for round in rounds] == slices


def test_without_a_number_of_epochs_there_are_ten_full_slices_of_each_kind_and_two_refinements():
    schedules = dict.fromkeys(ARMS, breakage())
    pace = dict.fromkeys(["data", "ramp", "full", "refine", "epoch"], 0.1)
    rounds = turns.rounds(planned(epochs=None), 0, 0, schedules, dict.fromkeys(ARMS, pace))
    lengths = {}
    for round in rounds:
        turn = round.turns[0]
        lengths.setdefault(kind_at(schedules[turn.arm], turn.indices[0]), []).append(len(turn.indices))
    assert lengths == {"data": [3] * 10, "ramp": [3] * 10, "full": [3] * 10, "refine": [1, 1]}
    unknown = dict.fromkeys(ARMS, Description(False, []))
    in_order = turns.rounds(planned(epochs=None), 0, 0, unknown, dict.fromkeys(ARMS, pace))
    assert [len(round.turns[0].indices) for round in in_order] == [3] * 10


def test_a_kind_is_sampled_in_the_middle_of_its_stretch_of_the_baselines_schedule():
    ours = schedule(("data", 100), ("full", 100))
    theirs = schedule(("full", 50), ("data", 20), ("full", 130))
    paces = dict.fromkeys(ARMS, dict.fromkeys(["data", "full"], 0.15))
    plan = planned(epochs=4)
    descriptions = {"original": ours, "moments": theirs}
    rounds = turns.rounds(plan, 0, 0, descriptions, paces)
    places = {}
    for round in rounds:
        for turn in round.turns:
            places.setdefault((turn.arm, kind_at(descriptions[turn.arm], turn.indices[0])), []).extend(turn.indices)
    assert places == {
        ("original", "data"): [52, 53],
        ("original", "full"): [152, 153],
        ("moments", "data"): [52, 53],
        ("moments", "full"): [152, 153],
    }


def test_the_schedule_of_the_notes_warms_up_before_and_at_each_first_and_samples_later_refinements():
    descriptions = dict.fromkeys(ARMS, breakage())
    warmed = turns.warm_up(PLAN, "original", descriptions)
    assert warmed[:8] == [0, 1, 29, 30, 39, 40, 90 - 1, 90]
    paces = dict.fromkeys(ARMS, dict.fromkeys(["data", "ramp", "full", "refine"], 0.1))
    rounds = turns.rounds(planned(epochs=200), 0, 0, descriptions, paces)
    refined = sorted(index for index in ran_by("moments", rounds) if index % 20 == 0 and index > 30)
    assert refined[0] > 40
    assert len(set(refined)) == len(refined) >= 4
