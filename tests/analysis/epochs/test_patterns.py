"""Periodic work and single stalls, found in records with a known answer."""

from math import exp, log

import numpy as np
import pytest
from epochs import epoch_of
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import sampled

from harness.analysis.epochs.projection import Projection
from harness.analysis.epochs.table import table
from harness.analysis.stats.ratios import interval, of_times
from harness.analysis.stats.verdicts import SAME, SLOWER, verdicts
from harness.plan import turn_length
from harness.worker.wire.evidence import COMPILATIONS, Compilation
from harness.worker.wire.messages import Description, Segment

ENDLESS = Description(False, [])
KNOWN = Description(False, [Segment("epoch", 0, 1200)])
SOUGHT = Description(True, [Segment("epoch", 0, 1200)])


def run_of(cost, description=ENDLESS, *, usual=0.05, threads=1, epochs=None, blocks=4, noise=0.002, seed=0):
    """A plain arm, and one beside it that takes `cost` of each epoch."""
    counted, settling = turn_length.seconds(threads)
    arms = {"plain": lambda index, new: usual, "other": lambda index, new: cost(index)}
    return sampled(
        description,
        arms,
        blocks=blocks,
        epochs=epochs,
        block_noise=0.002,
        noise=noise,
        seed=seed,
        cold=1.2,
        threads=threads,
        slice_seconds=counted,
        settling_seconds=settling,
    )


def found_in(run):
    costs = Projection(run, table(run))
    return costs, list(costs.logs_by_block("other").values())


def pattern_of(run):
    return found_in(run)[0].shapes.of("other")["epoch"]


PERIODS = [
    (2, [1]),
    (3, [0, 2]),
    (4, [0]),
    (4, [1]),
    (4, [1, 2]),
    (5, [3]),
    (7, [6]),
    (10, [9]),
    (11, [0, 5]),
    (12, [4]),
]


@pytest.mark.parametrize(
    ("description", "usual"), [(ENDLESS, 0.15), (KNOWN, 0.005), (SOUGHT, 0.05)], ids=["endless", "known", "sought"]
)
@pytest.mark.parametrize(("period", "phases"), PERIODS)
def test_finds_periodic_work_and_counts_its_occurrences(period, phases, usual, description):
    extra = 2.0

    def cost(index):
        return usual * (1 + extra * (index % period in phases))

    run = run_of(cost, description, usual=usual, threads=1 + period % 2, seed=period)
    costs, logs = found_in(run)
    pattern = costs.shapes.of("other")["epoch"]
    assert (pattern.period, sorted(pattern.phases)) == (period, phases)
    assert list(pattern.phases.values()) == pytest.approx([1 + extra] * len(phases), rel=0.02)
    assert costs.shapes.of("plain")["epoch"].period is None
    truth = 1 + extra * len(phases) / period
    assert exp(sum(logs) / len(logs)) == pytest.approx(truth, rel=0.01)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(2, 12),
    st.data(),
    st.sampled_from([0.005, 0.03, 0.15, 0.5]),
    st.sampled_from([0.15, 0.5, 3.0]),
    st.sampled_from([1, 2]),
    st.integers(0, 99),
)
def test_differences_beyond_tolerance_are_not_called_equal(period, data, usual, extra, threads, seed):
    """Whatever the period, the phases, how long epochs are, and how many threads there are."""
    phases = data.draw(st.lists(st.integers(0, period - 1), min_size=1, max_size=min(2, period - 1), unique=True))
    run = run_of(
        lambda index: usual * (1 + extra * (index % period in phases)), usual=usual, threads=threads, seed=seed
    )
    _, logs = found_in(run)
    truth = 1 + extra * len(phases) / period
    found = interval(logs, 0.0188)  # as wide as a run shows it, which looks up to four times
    assert found.estimate == pytest.approx(truth, rel=0.02)
    if truth > 1.035:
        assert verdicts({"other": logs}, 0.03, 3, 6)["other"].answer != SAME


@pytest.mark.parametrize("seed", range(3))
def test_settling_is_not_mistaken_for_a_period_of_two(seed):
    """In turns of two threads the first epoch of each turn settles, and here that is always a heavy one."""
    run = run_of(lambda index: 0.5 * (1 + 3.0 * (index % 2 == 0)), usual=0.5, threads=2, seed=seed)
    costs, logs = found_in(run)
    pattern = costs.shapes.of("other")["epoch"]
    assert (pattern.period, list(pattern.phases), pattern.events) == (2, [0], {})
    assert pattern.settling == pytest.approx(1.2, rel=0.1)
    assert exp(sum(logs) / len(logs)) == pytest.approx(2.5, rel=0.01)


def test_intervals_cover_the_truth_for_any_period():
    trials, held = 40, 0
    for seed in range(trials):
        period, usual = 2 + seed % 11, (0.005, 0.05, 0.3)[seed % 3]
        run = run_of(lambda i, p=period, u=usual: u * (1 + 1.5 * (i % p == p // 2)), usual=usual, seed=seed, blocks=3)
        _, logs = found_in(run)
        found = interval(logs, 0.0188)
        held += found.low <= 1 + 1.5 / period <= found.high
    assert held / trials >= 0.9


@pytest.mark.parametrize("noise", [0.001, 0.03, 0.1])
def test_finds_no_period_or_events_in_noise(noise):
    for seed in range(5):
        pattern = pattern_of(run_of(lambda index: 0.02, usual=0.02, noise=noise, seed=seed))
        assert pattern.period is None
        assert not pattern.events


def test_events_in_a_single_process_are_blamed_on_the_machine():
    run = run_of(lambda index: 0.02, usual=0.02)
    for piece in run.slices:
        if piece.arm == "other" and piece.block == 1 and piece.round == 4:
            piece.epochs[:] = [epoch_of(epoch.index, "epoch", 0.3, 0.3, {}) for epoch in piece.epochs]
    costs, logs = found_in(run)
    assert not costs.shapes.of("other")["epoch"].events
    assert verdicts({"other": logs}, 0.03, 3, 6)["other"].answer != SLOWER


@pytest.mark.parametrize("stall", [0.1, 30.0])
@pytest.mark.parametrize("at", [0, 2, 4, 5, 8, 25, 77, 119])
def test_one_stall_in_a_complete_schedule_counts_once(at, stall):
    """Wherever it falls: on a first epoch, on one that settles, or on one that counts."""
    check_stall_counts_once(at, stall)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 119), st.floats(0.1, 30.0))
def test_a_stall_of_any_length_at_any_epoch_counts_once(at, stall):
    check_stall_counts_once(at, stall)


def check_stall_counts_once(at, stall):
    whole = Description(False, [Segment("epoch", 0, 120)])
    run = run_of(lambda index: 0.01 + stall * (index == at), whole, usual=0.01, threads=1 + at % 2, seed=at)
    costs, logs = found_in(run)
    assert max(epoch.index for piece in run.slices for epoch in piece.epochs) == 119
    ran = [
        sum(e.wall for s in run.slices if (s.arm, s.block) == ("other", block) for e in s.epochs) for block in range(4)
    ]
    assert list(costs.seconds_by_block("other").values()) == pytest.approx(ran)
    truth = (120 * 0.01 + stall) / (120 * 0.01)
    assert exp(sum(logs) / len(logs)) == pytest.approx(truth, rel=0.02)


def test_a_compilation_counts_once_in_a_settling_epoch_too():
    """It takes longer than all other epochs together, and falls on a settling epoch in some of the processes."""
    whole = Description(False, [Segment("epoch", 0, 120)])
    at = 31
    run = run_of(lambda index: 0.01 + 67.0 * (index == at), whole, usual=0.01, threads=2)
    compiling = [
        (piece, epoch) for piece in run.slices if piece.arm == "other" for epoch in piece.epochs if epoch.index == at
    ]
    for _, epoch in compiling:
        epoch.evidence[COMPILATIONS] = [Compilation("net", "net.py:9", 66.0, recompiled=True)]
    assert {bool(piece.settling) for piece, _ in compiling} == {True, False}
    costs, logs = found_in(run)
    ran = [
        sum(e.wall for s in run.slices if (s.arm, s.block) == ("other", block) for e in s.epochs) for block in range(4)
    ]
    assert list(costs.seconds_by_block("other").values()) == pytest.approx(ran)
    truths = [log((119 * 0.01 + epoch.wall) / (120 * 0.01)) for _, epoch in compiling]
    assert logs == pytest.approx(truths, abs=0.02)


def test_a_single_stall_is_not_extrapolated_to_unrun_epochs():
    run = run_of(lambda index: 0.05 + 3.0 * (index == 25), KNOWN)
    costs, _ = found_in(run)
    ran = {epoch.index for piece in run.slices for epoch in piece.epochs}
    assert 25 in ran
    assert len(ran) < 400
    assert costs.shapes.of("other")["epoch"].events.keys() == {25}
    assert costs.seconds("other").estimate == pytest.approx(1200 * 0.05 + 3.0, rel=0.03)


def test_recurring_aperiodic_stalls_are_extrapolated():
    at = {8, 14, 27, 36, 39, 51, 63, 64, 89}
    run = run_of(lambda index: 0.05 + 0.5 * (index in at), KNOWN)
    costs, _ = found_in(run)
    assert costs.shapes.of("other")["epoch"].period is None, "two of the stalls have some distance"
    ran = len({epoch.index for piece in run.slices for epoch in piece.epochs})
    seen = sum(index in at for index in range(ran))
    assert costs.seconds("other").estimate == pytest.approx(1200 * (0.05 + 0.5 * seen / ran), rel=0.25)


def test_settling_epochs_are_separated_from_counted_ones():
    pattern = pattern_of(run_of(lambda index: 0.02, usual=0.02, threads=2))
    assert pattern.settling == pytest.approx(1.2, rel=0.02)


def _one_process(stalls, period=None, epochs=150):
    def cost(index):
        return 0.05 * (1 + 2.0 * (index in stalls or (period is not None and index % period == period - 1)))

    return run_of(cost, usual=0.05, epochs=epochs, blocks=1, seed=3)


def test_two_stalls_of_a_single_process_are_no_period_if_there_are_others():
    assert pattern_of(_one_process({51, 99, 133, 20})).period is None


@pytest.mark.parametrize(("stalls", "period"), [((), 50), ((), 30), ((40, 77), 10)])
def test_a_single_process_shows_a_period_that_explains_enough(stalls, period):
    assert pattern_of(_one_process(stalls, period)).period == period


def test_the_interval_of_a_training_has_room_for_stalls_that_are_extrapolated_from_a_few():
    """Stalls at random epochs, a mean of five in those that run; only trainings with enough of them project them."""
    held = projected = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        at = set(np.flatnonzero(random.random(1200) < 0.05).tolist())
        costs, _ = found_in(run_of(lambda index, at=at: 0.05 + 0.5 * (index in at), KNOWN, seed=seed))
        if not any(account.projects_stalls for account in costs.accounts("other")):
            continue
        projected += 1
        found = costs.seconds("other")
        held += found.low <= 1200 * 0.05 + 0.5 * len(at) <= found.high
    assert projected > 10
    assert held >= 0.85 * projected


@pytest.mark.parametrize("description", [KNOWN, ENDLESS], ids=["known", "endless"])
def test_the_ratio_has_room_for_stalls_that_are_extrapolated_from_a_few(description):
    """Stalls at random epochs of one arm, of which enough ran to be charged. The truth is their usual frequency."""
    held = charged = 0
    for seed in range(40):
        at = set(np.flatnonzero(np.random.default_rng(seed).random(1200) < 0.05).tolist())
        run = run_of(lambda index, at=at: 0.05 + 0.5 * (index in at), description, seed=seed)
        costs, logs = found_in(run)
        if not costs.common_error("other"):
            continue
        charged += 1
        truth = 1 + (len(at) / 1200 if description is KNOWN else 0.05) * 10
        found = of_times(logs, 0.05, costs.common_error("other"))
        held += found.low <= truth <= found.high
    assert charged > 10
    assert held >= 0.85 * charged


def test_stalls_that_both_arms_have_in_the_same_epochs_leave_the_ratio_certain():
    at = {8, 14, 27, 36, 39, 51, 63, 64, 89}

    def cost(index, new=None):
        return 0.05 + 0.5 * (index in at)

    run = sampled(KNOWN, {"plain": cost, "other": cost}, blocks=4, epochs=None, block_noise=0.002, noise=0.002)
    costs, logs = found_in(run)
    assert costs.common_error("other") < 0.01
    common = {"other": costs.common_error("other")}
    assert verdicts({"other": logs}, 0.03, 3, 6, common=common)["other"].answer == SAME
