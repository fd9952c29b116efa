import msgspec
import numpy as np
import pytest
from schedules import Process, batch, breakage, kind_at, length, schedule, sized
from simulated import DATA, FULL, REFINE, record, sampled

from harness.analysis.epochs.projection import covers_whole_schedules, once_share, schedule_logs, schedule_seconds
from harness.analysis.epochs.table import table
from harness.analysis.stats.ratios import interval
from harness.worker.wire.messages import Description, Segment


def schedule_ratio(run, epochs, arm):
    logs = schedule_logs(run, epochs, arm)
    return interval(logs) if logs else None


SLOW = {DATA: 1.0, REFINE: 10.0, FULL: 2.0}
QUICK = {DATA: 0.5, REFINE: 4.0, FULL: 0.5}
FIRST = {"a": {DATA: 7.0, REFINE: 12.0, FULL: 3.0}, "b": {DATA: 9.0, REFINE: 5.0, FULL: 0.6}}
# 40 data epochs, one refinement, 60 full ones; the first of each kind at its own price
TOTAL_A = 7.0 + 39 * 1.0 + 12.0 + 3.0 + 59 * 2.0
TOTAL_B = 9.0 + 39 * 0.5 + 5.0 + 0.6 + 59 * 0.5


def test_schedule_cost_is_first_epochs_plus_count_of_each_kind():
    run = record({"a": SLOW, "b": QUICK}, firsts=FIRST)
    assert schedule_seconds(run, table(run), "a").estimate == pytest.approx(TOTAL_A)
    assert schedule_seconds(run, table(run), "b").estimate == pytest.approx(TOTAL_B)
    assert schedule_ratio(run, table(run), "b").estimate == pytest.approx(TOTAL_B / TOTAL_A)


def test_extra_cost_of_first_epochs_is_separate():
    run = record({"a": SLOW, "b": QUICK}, firsts=FIRST)
    assert once_share(run, table(run), "a") == pytest.approx((6.0 + 2.0 + 1.0) / TOTAL_A)
    assert once_share(run, table(run), "b") == pytest.approx((8.5 + 1.0 + 0.1) / TOTAL_B)
    steady = record({"a": SLOW}, firsts={"a": SLOW})
    assert once_share(steady, table(steady), "a") == 0.0


def test_noise_shared_by_a_round_does_not_change_the_ratio():
    run = record({"a": SLOW, "b": QUICK}, firsts=FIRST, noise=0.3, rounds=90)
    ratio = schedule_ratio(run, table(run), "b")
    assert ratio.estimate == pytest.approx(TOTAL_B / TOTAL_A, rel=0.08)
    assert ratio.low < ratio.estimate < ratio.high


def test_without_seek_the_schedule_is_the_epochs_run():
    run = record({"a": SLOW, "b": QUICK}, firsts=FIRST, seekable=False, rounds=12)
    # each of 4 rounds a kind ran two epochs
    total = 7.0 + 8 * 1.0 + 12.0 + 8 * 10.0 + 3.0 + 8 * 2.0
    assert schedule_seconds(run, table(run), "a").estimate == pytest.approx(total)
    assert not covers_whole_schedules(run, table(run))


def test_no_projection_if_a_kind_was_never_measured():
    run = record({"a": SLOW, "b": QUICK}, firsts=FIRST, rounds=1)
    assert schedule_seconds(run, table(run), "a") is None
    assert schedule_ratio(run, table(run), "b") is None


def test_a_loop_that_cannot_seek_but_knows_its_length_is_projected_to_it():
    run = record({"a": SLOW, "b": QUICK}, firsts=FIRST, seekable=False, knows_length=True)
    assert schedule_seconds(run, table(run), "a").estimate == pytest.approx(TOTAL_A)
    assert schedule_ratio(run, table(run), "b").estimate == pytest.approx(TOTAL_B / TOTAL_A)
    assert covers_whole_schedules(run, table(run))


def test_one_block_gives_an_estimate_without_an_interval():
    run = record({"a": SLOW, "b": QUICK}, blocks=1)
    assert schedule_ratio(run, table(run), "b").low is None
    assert schedule_seconds(run, table(run), "b").high is None


def test_no_ratio_between_arms_that_never_alternated():
    run = record({"a": SLOW, "b": QUICK})
    run.slices = [piece for piece in run.slices if piece.arm != "b" or piece.round == 0]
    assert schedule_ratio(run, table(run), "b") is None


# Schedules whose epochs cost more and more, sampled as a comparison samples them

GROWING = sized(breakage(every=20, length=400))
TRACING = 50.0


def original(index, new):
    """A batch that grows: every epoch costs in proportion to it, every refinement some more, and tracing most."""
    return batch(GROWING, index) * (5 if kind_at(GROWING, index) == "refine" else 1) + TRACING * len(new)


def lean(index, new):
    """The same losses at lower cost: the growing part is a smaller share."""
    return 8 + 0.2 * batch(GROWING, index) + TRACING * len(new)


def whole(cost, description=GROWING):
    """What a training takes from its first epoch to its last."""
    process = Process(description)
    return sum(cost(index, process.traces(index)) for index in range(length(description)))


def test_growing_cost_is_projected_over_the_whole_schedule():
    run = sampled(GROWING, {"a": original, "b": lean})
    epochs = table(run)
    assert len(epochs) / 2 / 3 < 0.15 * length(GROWING)
    for arm, cost in (("a", original), ("b", lean)):
        assert schedule_seconds(run, epochs, arm).estimate == pytest.approx(whole(cost), rel=0.01)
    assert schedule_ratio(run, epochs, "b").estimate == pytest.approx(whole(lean) / whole(original), rel=0.01)


def test_tracing_in_the_epoch_after_a_refinement_is_charged_for_every_refinement():
    def late(index, new):
        """Refines at the end of an epoch, so that the next one traces."""
        after = index and kind_at(GROWING, index - 1) == "refine"
        return batch(GROWING, index) + TRACING * (index == 0) + 2 * TRACING * bool(after)

    run = sampled(GROWING, {"a": late})
    for piece in run.slices:
        for epoch in piece.epochs:
            epoch.evidence.clear()  # and what compiles it cannot be seen
    assert schedule_seconds(run, table(run), "a").estimate == pytest.approx(whole(late), rel=0.01)


def test_projects_by_means_without_sizes():
    unsized = breakage(every=20, length=400)
    run = sampled(unsized, {"a": original})
    assert schedule_seconds(run, table(run), "a").estimate == pytest.approx(whole(original), rel=0.05)


def test_noise_adds_no_bias_with_constant_sizes():
    steady = schedule(("data", 150), ("full", 250))
    costs = {"a": lambda index, new: 1.0 if index < 150 else 3.0}
    found = [
        schedule_seconds(run, table(run), "a").estimate
        for run in (sampled(steady, costs, noise=0.1, seed=seed) for seed in range(40))
    ]
    assert sum(found) / len(found) == pytest.approx(150 + 750, rel=0.01)


def test_interval_covers_a_new_training_at_the_nominal_rate():
    random = np.random.default_rng(3)
    trials, covered = 120, 0
    for seed in range(trials):
        run = sampled(GROWING, {"a": original}, blocks=4, block_noise=0.03, noise=0.03, seed=seed)
        found = schedule_seconds(run, table(run), "a")
        covered += found.low <= whole(original) * np.exp(0.03 * random.standard_normal()) <= found.high
    assert 0.90 <= covered / trials <= 0.99


def test_sizes_reported_by_epochs_are_interpolated():
    """A batch that grows within one long stretch. What it grows to after the last epoch that was run is not known."""
    long = Description(True, [Segment("epoch", 0, 400, {"batch_points": 10.0})])
    run = sampled(long, {"a": lambda index, new: 1.0 + index / 100})
    growing = [
        msgspec.structs.replace(
            piece, epochs=[msgspec.structs.replace(e, sizes={"batch_points": 10.0 + e.index}) for e in piece.epochs]
        )
        for piece in run.slices
    ]
    run.slices[:] = growing
    assert schedule_seconds(run, table(run), "a").estimate == pytest.approx(400 + 399 * 2, rel=0.02)


@pytest.mark.parametrize(
    ("seekable", "grows", "whole"), [(True, True, True), (False, False, True), (False, True, False)]
)
def test_no_projection_if_sizes_grow_unobserved(seekable, grows, whole):
    """The epochs that ran do not show how large the batch becomes in a training of 4,000 epochs."""
    long = Description(seekable, [Segment("epoch", 0, 4000)])
    run = sampled(long, {"a": lambda index, new: 1.0})
    ran = [
        msgspec.structs.replace(
            piece,
            epochs=[msgspec.structs.replace(e, sizes={"batch_points": 10.0 + grows * e.index}) for e in piece.epochs],
        )
        for piece in run.slices
    ]
    run.slices[:] = ran
    assert covers_whole_schedules(run, table(run)) is whole
    number = len({epoch.index for piece in ran for epoch in piece.epochs})
    assert number < 4000
    assert schedule_seconds(run, table(run), "a").estimate == pytest.approx(4000 if whole else number)
