from collections import Counter
from itertools import pairwise

import pytest
from epochs import epoch_of
from hypothesis import assume, given
from hypothesis import strategies as st
from schedules import (
    ARMS,
    PLAN,
    blocks,
    breakage,
    kind_at,
    length,
    planned,
    ran_by,
    schedule,
    schedules,
    turns_of,
    without_seek,
)

from harness.plan.plan import ROUNDS
from harness.schedule import lockstep, sampling, turns
from harness.worker.wire.messages import Description, Segment

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
def test_rounds_count_from_one_and_each_arm_has_at_most_one_nonempty_turn(block):
    rounds = turns.rounds(*block)
    assert [round.number for round in rounds] == list(range(1, len(rounds) + 1))
    for round in rounds:
        arms = [turn.arm for turn in round.turns]
        assert len(set(arms)) == len(arms) > 0
        assert all(turn.indices for turn in round.turns)


@pytest.mark.parametrize("seekable", [True, False])
def test_blocks_groups_and_seeds_have_different_orders(seekable):
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
    plan = planned(epochs=150, slice_seconds=0.0, settling_seconds=0.0)
    paces = {key: {"epoch": 1.0} for key in ARMS}
    firsts = [round.turns[0].arm for b in range(4) for round in turns.rounds(plan, b, 0, descriptions, paces)]
    assert len(firsts) == 4 * (150 - lockstep.LEAD)
    assert all(150 < firsts.count(arm) < 250 for arm in ARMS)


@given(st.lists(st.text(max_size=5), unique=True, max_size=6), st.integers(0, 9), st.integers(0, 9))
def test_the_start_order_is_a_permutation_that_repeats(arms, block, group):
    order = turns.start_order(PLAN, block, group, arms)
    assert sorted(order) == sorted(arms)
    assert order == turns.start_order(PLAN, block, group, arms)


def test_start_orders_differ_between_blocks():
    assert len({tuple(turns.start_order(PLAN, block, 0, ARMS)) for block in range(30)}) == 6


# In lockstep

SHORT = {"slice_seconds": 0.05, "settling_seconds": 0.01}


def test_one_arm_without_seek_forces_lockstep():
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
        ran += [index for turn in turns_of(arm, rounds) for index in (*turn.before, *turn.indices)]
        assert ran == list(range(min([plan.epochs, *known])))
    for round in rounds:
        assert {turn.arm for turn in round.turns} == set(descriptions)
        assert len({tuple(turn.indices) for turn in round.turns}) == 1


@given(st.integers(1, 400), st.floats(1e-6, 1), st.sampled_from([0.0, 0.05]))
def test_lockstep_has_as_many_rounds_as_its_epochs_allow(epochs, pace, slice_seconds):
    plan = planned(epochs=epochs, slice_seconds=slice_seconds)
    descriptions = dict.fromkeys(ARMS, Description(False, []))
    rounds = turns.rounds(plan, 0, 0, descriptions, {key: {"epoch": pace} for key in ARMS})
    after_warm_up = max(0, epochs - len(turns.warm_up(plan, ARMS[0], descriptions)))
    assert len(rounds) >= min(ROUNDS - 3, after_warm_up)  # slices differ in length
    if len(rounds) > 2 * ROUNDS:
        counted = [len(round.turns[0].indices) for round in rounds[1:-1]]
        assert sum(counted) / len(counted) * pace > slice_seconds * 0.7


@pytest.mark.parametrize("seekable", [True, False])
def test_a_plan_with_fewer_rounds_has_shorter_blocks(seekable):
    description = Description(seekable, [Segment("epoch", 0, 100_000)] if seekable else [])

    def number(rounds):
        plan = planned(epochs=None, rounds=rounds, **SHORT)
        return len(turns.rounds(plan, 1, 0, dict.fromkeys(ARMS, description), {key: {"epoch": 0.002} for key in ARMS}))

    assert 5 <= number(5) <= 7
    assert 12 <= number(12) <= 15


def test_in_lockstep_a_fast_arm_settles_unless_that_delays_a_slow_one_too_long():
    descriptions = dict.fromkeys(ARMS[:2], Description(False, []))

    def turn(*paces):
        own = {arm: {"epoch": pace} for arm, pace in zip(ARMS, paces, strict=False)}
        found = turns.rounds(planned(epochs=None, **SHORT), 0, 0, descriptions, own)
        settling = {len(round.turns[0].before) for round in found}
        lengths = [len(round.turns[0].before) + len(round.turns[0].indices) for round in found[:-2]]
        return max(settling), sum(lengths) / len(lengths)

    assert turn(0.002, 0.002) == (5, pytest.approx(30, rel=0.25))
    assert turn(0.002, 0.02) == (5, pytest.approx(30, rel=0.25))
    assert turn(0.002, 0.1) == (5, pytest.approx(10, rel=0.25))  # a second
    assert turn(0.002, 5.0) == (0, 1)


def test_in_lockstep_tracing_in_first_epochs_does_not_set_the_pace():
    descriptions = dict.fromkeys(ARMS, Description(False, []))
    assert turns.warm_up(planned(epochs=None), ARMS[0], descriptions) == [*range(lockstep.LEAD)]
    assert turns.warm_up(planned(epochs=12), ARMS[0], descriptions) == [0, 1]
    assert turns.warm_up(planned(epochs=1), ARMS[0], descriptions) == [0]


def test_in_lockstep_short_epochs_settle_too():
    descriptions = dict.fromkeys(ARMS, Description(False, []))
    rounds = turns.rounds(planned(epochs=1002, **SHORT), 0, 0, descriptions, {key: {"epoch": 0.002} for key in ARMS})
    assert {len(turn.before) for turn in turns_of("moments", rounds[:-1])} == {5}
    counted = [len(turn.indices) for turn in turns_of("moments", rounds[1:-1])]
    assert sum(counted) / len(counted) == pytest.approx(25, rel=0.1)
    assert len(set(counted)) > 5


def test_in_lockstep_varying_slice_lengths_avoid_alignment_with_periods():
    """Work in every second, third, ... twelfth epoch falls on counted epochs as often as they are counted."""
    descriptions = dict.fromkeys(ARMS[:1], Description(False, []))
    plan = planned(epochs=600, slice_seconds=0.1, settling_seconds=0.1)
    for pace in (0.15, 0.06, 0.02):
        counted = [
            index
            for block in range(6)
            for index in ran_by(ARMS[0], turns.rounds(plan, block, 0, descriptions, {ARMS[0]: {"epoch": pace}}))
        ]
        share = len(counted) / 6 / 600
        for period in range(2, 13):
            for phase in range(period):
                own = sum(index % period == phase for index in counted) * period / 6 / 600
                assert own == pytest.approx(share, rel=0.3)


def test_in_lockstep_runs_whole_periods_by_default():
    descriptions = dict.fromkeys(ARMS[:2], Description(False, []))
    for pace in (0.5, 0.1, 0.02, 0.005, 0.001):
        paces = {arm: {"epoch": pace} for arm in descriptions}
        rounds = turns.rounds(planned(epochs=None, **SHORT), 0, 0, descriptions, paces)
        stop = max(rounds[-1].turns[0].indices) + 1
        assert (stop - lockstep.LEAD) % lockstep.MULTIPLE == 0
        assert stop - lockstep.LEAD >= lockstep.MULTIPLE


def test_in_lockstep_a_short_schedule_is_run_to_its_end():
    descriptions = dict.fromkeys(ARMS[:2], schedule(("data", 120), seekable=False))
    paces = {arm: {"data": 0.01} for arm in descriptions}
    rounds = turns.rounds(planned(epochs=None, **SHORT), 0, 0, descriptions, paces)
    assert max(rounds[-1].turns[0].indices) == 119


def epochs_of(turn, wall):
    return [epoch_of(index, "epoch", wall, wall, {}) for index in (*turn.before, *turn.indices)]


def test_in_lockstep_slices_adapt_to_the_current_epoch_time():
    """Epochs of 10 us that later take 50 ms, as when work is queued until the queue is full."""
    descriptions = {ARMS[0]: Description(False, [])}
    rounds = turns.rounds(planned(epochs=None, **SHORT), 0, 0, descriptions, {ARMS[0]: {"epoch": 1e-5}})
    lengths = []
    for round in rounds:
        (turn,) = round.turns
        lengths.append(len(turn.before) + len(turn.indices))
        rounds.observe(turn, epochs_of(turn, 0.05))
        if len(lengths) == 4:
            break
    assert lengths[0] <= lockstep.FASTEST_GROWTH * lockstep.LEAD * 1.25
    assert all(length <= 3 for length in lengths[1:])


def test_in_lockstep_an_arm_catches_up_after_a_slice_ended_early():
    descriptions = dict.fromkeys(ARMS[:2], Description(False, []))
    paces = {arm: {"epoch": 0.002} for arm in descriptions}
    rounds = turns.rounds(planned(epochs=200, **SHORT), 0, 0, descriptions, paces)
    ran = {arm: list(range(lockstep.LEAD)) for arm in descriptions}
    for round in rounds:
        for turn in round.turns:
            epochs = epochs_of(turn, 0.002)
            if turn.arm == ARMS[0] and round.number == 2:
                epochs = epochs[: len(turn.before) + 1]
            rounds.observe(turn, epochs)
            ran[turn.arm] += [epoch.index for epoch in epochs]
    assert ran == {arm: list(range(200)) for arm in descriptions}
    slices = {turn.arm: len(turn.before) + len(turn.indices) for turn in rounds[2].turns}
    assert slices[ARMS[0]] > slices.get(ARMS[1], 0)


def test_a_block_of_slow_epochs_ends_early_without_a_requested_number():
    descriptions = dict.fromkeys(ARMS[:2], Description(False, []))
    paces = {arm: {"epoch": 100.0} for arm in descriptions}
    rounds = turns.rounds(planned(epochs=None, **SHORT), 0, 0, descriptions, paces)
    for round in rounds:
        for turn in round.turns:
            rounds.observe(turn, epochs_of(turn, 100.0))
    assert len(rounds) == lockstep.FEWEST_ROUNDS
    requested = turns.rounds(planned(epochs=30, **SHORT), 0, 0, descriptions, paces)
    for round in requested:
        for turn in round.turns:
            requested.observe(turn, epochs_of(turn, 100.0))
    assert max(requested[-1].turns[0].indices) == 29


@pytest.mark.parametrize(("slower", "ends_early"), [(1, False), (4, True)])
def test_a_sampled_block_uses_only_its_part_of_the_budget(slower, ends_early):
    descriptions = dict.fromkeys(ARMS, breakage(every=1000, length=1000))
    pace = {"data": 0.05, "ramp": 0.05, "full": 0.05}
    plan = planned(epochs=60, budget=300.0, fewest=3, **SHORT)
    rounds = turns.rounds(plan, 0, 0, descriptions, dict.fromkeys(ARMS, pace))
    spent, kinds = 0.0, []
    for round in rounds:
        kinds.append(kind_at(descriptions[round.turns[0].arm], round.turns[0].indices[0]))
        for turn in round.turns:
            epochs = epochs_of(turn, 0.05 * slower)
            rounds.observe(turn, epochs)
            spent += sum(epoch.wall for epoch in epochs)
    whole = len(turns.rounds(plan, 0, 0, descriptions, dict.fromkeys(ARMS, pace)))
    assert (len(rounds) < whole) is ends_early
    assert spent < 50
    assert min(kinds.count(kind) for kind in set(kinds)) >= 3


def test_a_sampled_block_of_slow_epochs_ends_early_without_a_requested_number():
    description = schedule(("data", 500), ("full", 500))
    paces = {ARMS[0]: {"data": 0.05, "full": 0.05}}

    def lengths(epochs):
        rounds = turns.rounds(planned(epochs=epochs, **SHORT), 0, 0, {ARMS[0]: description}, paces)
        for round in rounds:
            for turn in round.turns:
                rounds.observe(turn, epochs_of(turn, 100.0))
        return Counter(kind_at(description, round.turns[0].indices[0]) for round in rounds)

    assert lengths(None) == dict.fromkeys(["data", "full"], sampling.ROUNDS_OF_SLOW)
    assert min(lengths(60).values()) > sampling.ROUNDS_OF_SLOW


def test_epochs_that_are_counted_run_first_and_then_once_more_or_their_next():
    segments = [Segment("data", 0, 40), Segment("refine", 40, 41), Segment("full", 41, 100)]
    found, least = turns.counted(Description(True, segments), 7)
    assert {0, 40, 41} <= set(found[:least])
    assert found.index(42) > found.index(41)  # the first epoch after a refinement may trace
    assert set(found[least:]) <= set(found[:least])
    assert turns.counted(Description(False, segments), 7) == ([7, 8, 9, 10, 11], 2)
    assert turns.counted(Description(False, segments), 98) == ([98, 99], 2)
    assert turns.counted(Description(False, segments), 100) == ([], 2)
    assert turns.counted(Description(False, []), 5) == ([5, 6, 7, 8, 9], 2)
