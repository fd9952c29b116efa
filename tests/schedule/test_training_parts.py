from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.plan.plan import Arm, Plan
from harness.schedule import training_parts
from harness.worker.wire.messages import Segment

ARMS = ("original", "moments", "batched")
lengths = st.dictionaries(st.sampled_from(ARMS), st.integers(1, 200), min_size=1)


def planned(evaluations=4, seed=0, references=()):
    arms = tuple(Arm(name, name) for name in ARMS)
    return Plan(
        command="converge",
        arms=arms,
        baseline="original",
        case=None,
        scale=None,
        epochs=None,
        blocks=3,
        seed=seed,
        threads=1,
        evaluations=evaluations,
        references=references,
    )


@given(st.integers(1, 5000), st.integers(1, 100))
def test_checkpoints_are_evenly_spaced_and_end_at_the_end(length, wanted):
    found = training_parts.checkpoints(length, wanted)
    assert len(found) == min(length, wanted)
    assert found[-1] == length
    steps = [after - before for before, after in pairwise([0, *found])]
    assert min(steps) >= 1
    assert max(steps) - min(steps) <= 1


def rounds_of(plan, block, group, lengths):
    """The rounds of trainers of known length, the references among them in parts of one epoch."""
    parts = {
        arm: training_parts.split(length, length if arm in plan.references else plan.evaluations)
        for arm, length in lengths.items()
    }
    return [*training_parts.rounds(plan, block, group, parts, set(parts) - set(plan.references))]


@given(lengths, st.integers(1, 50), st.integers(0, 5), st.integers(0, 3))
def test_every_training_runs_each_epoch_once_and_is_first_evaluated_untrained(lengths, m, seed, block):
    rounds = rounds_of(planned(m, seed), block, 0, lengths)
    assert [round.number for round in rounds] == list(range(len(rounds)))
    assert {turn.arm: turn.indices for turn in rounds[0].turns} == {arm: [] for arm in lengths}
    for arm, length in lengths.items():
        own = [turn.indices for round in rounds[1:] for turn in round.turns if turn.arm == arm]
        assert [index for part in own for index in part] == list(range(length))
        assert [part[-1] + 1 for part in own] == training_parts.checkpoints(length, m)
    assert rounds == rounds_of(planned(m, seed), block, 0, lengths)


def test_a_reference_is_evaluated_after_each_epoch_and_never_before_the_first():
    rounds = rounds_of(planned(2, references=("moments",)), 0, 0, {"original": 10, "moments": 3})
    assert [[turn.indices for turn in round.turns if turn.arm == "moments"] for round in rounds] == [
        [],
        [[0]],
        [[1]],
        [[2]],
    ]
    assert [turn.arm for turn in rounds[3].turns] == ["moments"]


def test_order_of_turns_is_random_per_round_block_group_and_seed():
    def orders(plan, block, group):
        return [[turn.arm for turn in round.turns] for round in rounds_of(plan, block, group, dict.fromkeys(ARMS, 40))]

    first = orders(planned(40), 0, 0)
    assert len({tuple(order) for order in first}) == 6
    for other in (orders(planned(40), 1, 0), orders(planned(40), 0, 1), orders(planned(40, seed=1), 0, 0)):
        assert other != first


@given(st.none() | st.integers(1, 500), st.none() | st.integers(1, 2000), st.integers(1, 60), st.integers(1, 3000))
def test_a_program_runs_every_epoch_once_for_as_long_as_it_runs(expected, most, m, ends):
    parts = training_parts.split_program(expected, most, m)
    ran = []
    for part in parts:
        assert part
        if ran:  # later parts are no longer than one of m parts of all before, or of what was expected
            assert len(part) <= -(-max(expected or 0, len(ran)) // m)
        ran += part
        if len(ran) >= ends:
            break
    assert ran == list(range(len(ran)))
    assert len(ran) == most or len(ran) >= min(ends, most or ends)
    assert most is None or len(ran) <= most


@given(st.integers(1, 500), st.integers(1, 60))
def test_a_program_is_evaluated_like_a_trainer_of_the_length_that_it_expects(length, m):
    assert [*training_parts.split_program(length, length, m)] == training_parts.split(length, m)


def test_no_part_of_an_arm_that_is_over():
    parts = {"original": training_parts.split_program(None, None, 4), "moments": training_parts.split(8, 4)}
    over = set()
    rounds = training_parts.rounds(planned(), 0, 0, parts, {"moments"}, over.__contains__)
    assert [turn.arm for turn in next(rounds).turns] == ["moments"]
    assert {turn.arm for turn in next(rounds).turns} == {"original", "moments"}
    over.add("original")
    assert [[turn.arm for turn in round.turns] for round in rounds] == [["moments"]] * 3


@pytest.mark.parametrize(
    ("walls", "timeout", "length"),
    [
        ([], 600.0, 1),
        ([5.0], 600.0, 6),
        ([5.0, *[0.1] * 49], 600.0, 151),
        ([0.1] * 100 + [1.0] * 10, 600.0, 30),
        ([0.1] * 50, 8.0, 20),
        ([45.0], 600.0, 1),
    ],
)
def test_slice_length_follows_the_slower_pace(walls, timeout, length):
    assert training_parts.slice_length(walls, timeout) == length


@given(st.lists(st.floats(1e-7, 100), max_size=30), st.floats(0.1, 1e4))
def test_slice_stays_below_its_limit_and_far_below_the_timeout(walls, timeout):
    length = training_parts.slice_length(walls, timeout)
    assert length >= 1
    if walls and length > 1:
        assert length * sum(walls) / len(walls) <= min(training_parts.LONGEST_SLICE, timeout / 4) * (1 + 1e-9)


def test_a_part_ends_where_the_kind_changes():
    segments = [Segment("data", 0, 4), Segment("refine", 4, 5), Segment("data", 5, 9)]
    assert list(training_parts.stretches([2, 3, 4, 5], segments)) == [("data", [2, 3]), ("refine", [4]), ("data", [5])]
    assert list(training_parts.stretches([], segments)) == []
