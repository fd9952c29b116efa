"""Every epoch that ran counts once, whatever it cost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schedules import schedule
from simulated import sampled

from harness.analysis.epochs.accounting import accounted
from harness.analysis.epochs.projection import Projection
from harness.analysis.epochs.table import table
from harness.worker.wire.messages import Description

kinds = st.lists(st.tuples(st.sampled_from(["data", "full", "late"]), st.integers(1, 30)), min_size=1, max_size=4).map(
    lambda pairs: [
        pair for pair, before in zip(pairs, [None, *pairs], strict=False) if not before or pair[0] != before[0]
    ]
)
costs = st.lists(st.floats(1e-4, 50.0), min_size=1, max_size=40)


def described(stretches, seekable):
    return schedule(*stretches, seekable=seekable) if stretches else Description(False, [])


@settings(max_examples=30, deadline=None)
@given(kinds | st.just([]), costs, st.integers(1, 3), st.sampled_from([None, 20, 60]), st.booleans(), st.integers(0, 9))
def test_the_accounting_of_any_costs_adds_up_to_what_ran(stretches, walls, blocks, epochs, seekable, seed):
    """Three classes, each epoch in one, and their seconds those of the record, of a training in order and of a
    sample."""
    run = sampled(
        described(stretches, seekable),
        {"a": lambda index, new: walls[index % len(walls)], "b": lambda index, new: walls[(7 * index) % len(walls)]},
        blocks=blocks,
        epochs=epochs,
        noise=0.01,
        seed=seed,
    )
    found = Projection(run, table(run))
    for arm in ("a", "b"):
        ran = [
            [epoch.wall for piece in run.slices if (piece.arm, piece.block) == (arm, block) for epoch in piece.epochs]
            for block in range(blocks)
        ]
        for account, own in zip(found.accounts(arm), ran, strict=True):
            assert account.ran == pytest.approx(sum(own))
            assert len(account.classes()) == len(own)
            assert set(account.classes()["of"]) <= {"once", "periodic", "steady"}
            if account.all_ran:
                assert account.total is None or found.scope == "epoch" or account.total == pytest.approx(sum(own))
        of_arm = accounted(found, arm)
        parts = of_arm.once, of_arm.periodic, of_arm.steady
        assert sum(part.epochs for part in parts) == of_arm.epochs == len(ran[0])
        assert sum(part.seconds for part in parts) == pytest.approx(of_arm.seconds) == pytest.approx(sum(ran[0]))
        assert not of_arm.all_ran or of_arm.epochs == of_arm.scheduled
        if found.scope != "schedule" or of_arm.all_ran:
            seconds = found.seconds_by_block(arm)
            assert list(seconds.values()) == pytest.approx([sum(own) for own in ran])


def test_the_projection_covers_one_more_training_with_periods_and_events():
    """Of 600 epochs some 100 run; the truth has work in every seventh, and a slow start."""
    random = np.random.default_rng(5)
    long = schedule(("epoch", 600), seekable=False)

    def cost(index, new):
        return 0.02 * (1 + 2.0 * (index % 7 == 3)) + 1.0 * (index == 0)

    whole = sum(cost(index, ()) for index in range(600))
    trials, covered = 40, 0
    for seed in range(trials):
        run = sampled(long, {"a": cost}, blocks=4, epochs=100, block_noise=0.03, noise=0.02, seed=seed)
        found = Projection(run, table(run)).seconds("a")
        covered += found.low <= whole * np.exp(0.03 * random.standard_normal()) <= found.high
    assert 0.87 <= covered / trials <= 1.0


@settings(max_examples=6, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(100, 400), st.sampled_from([0.005, 0.02, 0.1])), min_size=1, max_size=3),
    st.integers(2, 12),
    st.data(),
    st.sampled_from([0.0, 0.1, 2.0, 10.0]),
    st.sampled_from([0.0, 10.0]),
)
def test_the_projection_covers_one_more_training_of_any_schedule(stretches, period, data, extra, start):
    """Kinds that cost differently, periodic work in all of them, and a slow start. In 95 % of runs; of six, with a
    chance of 0.998, in four or more."""
    phases = data.draw(st.lists(st.integers(0, period - 1), min_size=1, max_size=2, unique=True))
    paces = [pace for length, pace in stretches for _ in range(length)]
    kinds = [(f"kind {place}", length) for place, (length, _) in enumerate(stretches)]
    random = np.random.default_rng(period)

    def cost(index, new):
        return paces[index] * (1 + extra * (index % period in phases)) + start * (index == 0)

    whole, covered = sum(cost(index, ()) for index in range(len(paces))), 0
    for seed in range(6):
        described = schedule(*kinds, seekable=len(kinds) > 1 or bool(seed % 2))
        run = sampled(described, {"a": cost}, blocks=4, epochs=100, block_noise=0.03, noise=0.02, seed=seed)
        found = Projection(run, table(run))
        assert found.scope == "schedule"
        seconds = found.seconds("a")
        covered += seconds.low <= whole * np.exp(0.03 * random.standard_normal()) <= seconds.high
    assert covered >= 4


def test_first_epochs_are_separate_without_a_training_length():
    def slow_start(index, new):
        return 0.02 + 5.0 * (index == 0) + 1.0 * (index == 1)

    run = sampled(Description(False, []), {"a": lambda i, n: 0.02, "b": slow_start}, epochs=None, noise=0.001)
    found = Projection(run, table(run))
    assert found.scope == "epoch"
    assert list(found.logs_by_block("b").values()) == pytest.approx([0.0] * 3, abs=0.005)
    ran = sum(e.wall for s in run.slices if (s.arm, s.block) == ("b", 0) for e in s.epochs)
    assert found.seconds_by_block("b")[0] == pytest.approx(ran)
    of_arm = accounted(found, "b")
    assert of_arm.once.seconds > 6.0
    assert [event.index for event in of_arm.events] == [1]


def test_requested_epochs_include_first_epochs():
    run = sampled(Description(False, []), {"a": lambda i, n: 0.02, "b": lambda i, n: 0.02 + 2.0 * (i == 0)}, epochs=100)
    found = Projection(run, table(run))
    assert found.scope == "epochs"
    assert np.exp(list(found.logs_by_block("b").values())) == pytest.approx([2.0] * 3)


def test_alternating_kinds_are_weighted_by_frequency():
    """One physics epoch after every three data epochs, for the whole training."""
    kinds = [("data", 3), ("full", 1)] * 50
    run = sampled(
        schedule(*kinds, seekable=False), {"a": lambda i, n: 0.02, "b": lambda i, n: 0.06 if i % 4 == 3 else 0.02}
    )
    found = Projection(run, table(run), "epoch")
    assert np.exp(list(found.logs_by_block("b").values())) == pytest.approx([1.5] * 3, rel=0.01)
