"""Sampling of arms that can all seek: which epochs run, where, and in which order."""

from collections import Counter
from itertools import pairwise
from math import sqrt

import pytest
from hypothesis import assume, given
from schedules import (
    ARMS,
    PLAN,
    Process,
    batch,
    blocks,
    breakage,
    is_single,
    kind_at,
    kinds_of,
    length,
    planned,
    ran_by,
    schedule,
    sized,
    stretch_at,
)

from harness.plan import turn_length
from harness.plan.plan import ROUNDS
from harness.schedule import turns


def in_order(block, arm):
    """(index, whether it is part of a slice in turns) of all that an arm runs."""
    plan, _, _, descriptions, _ = block
    yield from ((index, False) for index in turns.warm_up(plan, arm, descriptions))
    for round in turns.rounds(*block):
        for turn in round.turns:
            if turn.arm == arm:
                yield from ((index, False) for index in turn.before)
                yield from ((index, True) for index in turn.indices)
                yield from ((index, False) for index in turn.after)


def in_training(description):
    process = Process(description)
    return {index: process.traces(index) for index in range(length(description))}


@given(blocks())
def test_slices_of_steady_epochs_never_trace(block):
    descriptions = block[3]
    for arm, description in descriptions.items():
        process = Process(description)
        for index, in_turns in in_order(block, arm):
            new = process.traces(index)
            if in_turns and not is_single(description, kind_at(description, index)):
                assert not new


@given(blocks())
def test_with_known_sizes_special_epochs_trace_as_in_training(block):
    plan, number, group, descriptions, paces = block
    descriptions = {arm: sized(description) for arm, description in descriptions.items()}
    block = plan, number, group, descriptions, paces
    for arm, description in descriptions.items():
        training, process = in_training(description), Process(description)
        starts = {segment.start for segment in description.segments}
        for index, _ in in_order(block, arm):
            new = process.traces(index)
            if index in starts:
                assert new == training[index]


@given(blocks())
def test_every_turn_is_in_the_schedule_and_of_its_rounds_kind(block):
    descriptions = block[3]
    for round in turns.rounds(*block):
        for turn in round.turns:
            for index in [*turn.before, *turn.indices, *turn.after]:
                assert 0 <= index < length(descriptions[turn.arm])
        (kind,) = {kind_at(descriptions[turn.arm], index) for turn in round.turns for index in turn.indices}
        taking_part = {turn.arm for turn in round.turns}
        having = {arm for arm in descriptions if kind in kinds_of(descriptions[arm])}
        # Single epochs may all have been run in the warm-up: one of them was the first.
        assert taking_part <= having
        assert {arm for arm in having if not is_single(descriptions[arm], kind)} <= taking_part


@given(blocks())
def test_no_first_epoch_of_a_stretch_runs_twice(block):
    for arm, description in block[3].items():
        starts = {segment.start for segment in description.segments}
        ran = Counter(index for index, _ in in_order(block, arm) if index in starts)
        assert set(ran.values()) <= {1}


@given(blocks())
def test_slices_are_long_relative_to_switching_cost(block):
    plan, _, _, descriptions, paces = block
    rounds = turns.rounds(*block)
    kinds = [kind_at(descriptions[round.turns[0].arm], round.turns[0].indices[0]) for round in rounds]
    for round, kind in zip(rounds, kinds, strict=True):
        for turn in round.turns:
            if is_single(descriptions[turn.arm], kind):
                assert len(turn.indices) == 1
            else:
                whole = turn_length.length(plan.slice_seconds, plan.settling_seconds, paces[turn.arm][kind])
                assert len(turn.indices) <= whole.counted
                assert len(turn.before) >= whole.settling
                number = kinds.count(kind)
                if number > ROUNDS // 2:  # else slices are shortened to have as many rounds
                    assert len(turn.indices) >= whole.counted * (1 - 1 / number)


@given(blocks())
def test_warm_up_runs_first_epoch_of_each_kind_and_one_to_measure_pace(block):
    plan, _, _, descriptions, _ = block
    for arm, description in descriptions.items():
        warmed = turns.warm_up(plan, arm, descriptions)
        assert len(set(warmed)) == len(warmed)
        assert all(0 <= index < length(description) for index in warmed)
        for kind in kinds_of(description):
            own = [index for index in warmed if kind_at(description, index) == kind]
            assert own[0] == next(segment.start for segment in description.segments if segment.kind == kind)
            assert is_single(description, kind) or len(own) > 1


@given(blocks())
def test_a_kind_is_sampled_at_up_to_three_places_in_rotation(block):
    for arm, description in block[3].items():
        for kind in kinds_of(description):
            own_slices = [
                turn.indices
                for round in turns.rounds(*block)
                for turn in round.turns
                if turn.arm == arm and kind_at(description, turn.indices[0]) == kind
            ]
            if is_single(description, kind):
                continue
            assert len({stretch_at(description, own[0]).start for own in own_slices}) <= 3
            for own in own_slices:
                for before, after in pairwise(own):
                    stretch = stretch_at(description, before)
                    assert after == (before + 1 if before + 1 < stretch.stop else stretch.start + 1)


@given(blocks())
def test_single_epochs_come_first_in_order_and_the_last_one_is_among_them(block):
    plan, _, _, descriptions, _ = block
    assume(len(set(map(str, descriptions.values()))) == 1)  # one schedule: no arm bounds another
    description = next(iter(descriptions.values()))
    single = {kind for kind in kinds_of(description) if is_single(description, kind)}
    for arm in descriptions:
        ran = ran_by(arm, turns.rounds(*block))
        drawn = [index for index in ran if kind_at(description, index) in single]
        assert drawn == sorted(drawn) == ran[: len(drawn)]
        for kind in single:
            warmed = turns.warm_up(plan, arm, descriptions)
            left = [s.start for s in description.segments if s.kind == kind and s.start not in warmed]
            assert not left or left[-1] in drawn


@given(blocks())
def test_quota_of_a_kind_follows_the_square_root_of_its_time(block):
    plan, _, _, descriptions, paces = block
    assume(len(set(map(str, descriptions.values()))) == 1)
    description = next(iter(descriptions.values()))
    leading = plan.baseline if plan.baseline in descriptions else next(iter(descriptions))
    rounds = turns.rounds(*block)
    for arm in descriptions:
        warmed = turns.warm_up(plan, arm, descriptions)
        ran = Counter(kind_at(description, index) for index in ran_by(arm, rounds))
        left = Counter(s.kind for s in description.segments if s.start not in warmed)
        roots = {
            kind: sqrt(paces[leading][kind] * sum(s.stop - s.start for s in description.segments if s.kind == kind))
            for kind in kinds_of(description)
            if not is_single(description, kind) or left[kind]
        }
        singles = {kind: left[kind] for kind in roots if is_single(description, kind)}
        for kind, number in singles.items():
            assert ran[kind] == min(number, max(2, round(plan.epochs * roots[kind] / sum(roots.values()))))
        rest = plan.epochs - sum(ran[kind] for kind in singles)
        weight = sum(root for kind, root in roots.items() if kind not in singles)
        for kind in roots.keys() - singles.keys():
            assert ran[kind] >= max(1, round(rest * roots[kind] / weight))


PACE = dict.fromkeys(["data", "ramp", "full", "refine", "epoch"], 0.1)


def test_arms_of_one_schedule_are_sampled_at_the_same_places():
    descriptions = dict.fromkeys(ARMS, sized(breakage()))
    for round in turns.rounds(planned(epochs=60), 0, 0, descriptions, dict.fromkeys(ARMS, PACE)):
        assert len(round.turns) == len(ARMS)
        assert len({(*turn.before, *turn.indices, *turn.after) for turn in round.turns}) == 1


def test_an_arm_without_places_follows_the_baseline():
    descriptions = {"original": sized(breakage()), "moments": schedule(("data", 30), ("ramp", 60), ("full", 110))}
    paces = dict.fromkeys(descriptions, PACE)
    rounds = turns.rounds(planned(epochs=60, slice_seconds=0.0, settling_seconds=0.0), 0, 0, descriptions, paces)
    together = [{turn.arm: turn.indices[0] for turn in round.turns} for round in rounds if len(round.turns) == 2]
    assert len(together) > 15
    apart = [abs(places["original"] - places["moments"]) for places in together]
    assert sorted(apart)[len(apart) // 2] == 0  # until the shorter stretch is through and begins anew


@pytest.mark.parametrize(("pace", "lengths"), [(0.15, [1] * 5), (0.01, [2] * 6), (0.9, [1] * 10)])
def test_slices_shorten_to_give_each_kind_several_rounds(pace, lengths):
    descriptions = dict.fromkeys(ARMS, schedule(("data", 100)))
    plan = planned(epochs=sum(lengths))
    rounds = turns.rounds(plan, 0, 0, descriptions, {key: {"data": pace} for key in ARMS})
    assert [len(round.turns[0].indices) for round in rounds] == lengths


def test_default_epochs_cover_periodic_work_and_two_refinements():
    descriptions = dict.fromkeys(ARMS, breakage())
    lengths = {}
    for round in turns.rounds(planned(epochs=None), 0, 0, descriptions, dict.fromkeys(ARMS, PACE)):
        turn = round.turns[0]
        lengths.setdefault(kind_at(descriptions[turn.arm], turn.indices[0]), []).append(len(turn.indices))
    assert lengths == {"data": [1] * 24, "ramp": [1] * 24, "full": [1] * 24, "refine": [1, 1]}


def test_a_kind_without_refinements_is_sampled_in_the_middle_of_three_equal_parts():
    descriptions = {"original": schedule(("data", 90), ("full", 90))}
    rounds = turns.rounds(
        planned(epochs=10, slice_seconds=0.0, settling_seconds=0.0), 0, 0, descriptions, {"original": PACE}
    )
    ran = sorted(ran_by("original", rounds))
    assert ran == [15, 16, 45, 46, 75, 105, 106, 135, 136, 165]


def test_a_batch_that_grows_is_sampled_where_refinements_were_run():
    """As the built-in baseline: refinements at 20 (of kind data), 40, 60, ...; ramp from 30, full from 90 on."""
    descriptions = dict.fromkeys(ARMS, sized(breakage()))
    warmed = turns.warm_up(PLAN, "original", descriptions)
    # the first refinement and what follows it; for the first full epoch, the refinement that gave it its batch
    assert warmed == [0, 1, 30, 40, 41, 80, 81, 90, 15, 59, 99]
    paces = dict.fromkeys(ARMS, PACE)
    rounds = turns.rounds(planned(epochs=40), 0, 0, descriptions, paces)
    firsts = [round.turns[0].indices[0] for round in rounds]
    refined = [index for index in firsts if kind_at(descriptions["original"], index) == "refine"]
    assert refined[-1] == 180
    assert len(refined) == 4
    reached = {*refined, *warmed}
    for round in rounds[len(refined) :]:
        index = round.turns[0].indices[0]
        assert index < 40 or index // 20 * 20 in reached
    sizes = {batch(descriptions["original"], index) for index in ran_by("original", rounds)}
    assert len(sizes) > 3
