import pytest
from simulated import DATA, FULL, REFINE, record

from harness.analysis.effects import interval
from harness.analysis.epochs import table
from harness.analysis.projection import covers_whole_schedules, schedule_logs, schedule_seconds


def schedule_ratio(run, epochs, arm):
    logs = schedule_logs(run, epochs, arm)
    return interval(logs) if logs else None


SLOW = {DATA: 1.0, REFINE: 10.0, FULL: 2.0}
QUICK = {DATA: 0.5, REFINE: 4.0, FULL: 0.5}
FIRST = {"a": {DATA: 7.0, REFINE: 12.0, FULL: 3.0}, "b": {DATA: 9.0, REFINE: 5.0, FULL: 0.6}}
# 40 data epochs, one refinement, 60 full ones; the first of each kind at its own price
TOTAL_A = 7.0 + 39 * 1.0 + 12.0 + 3.0 + 59 * 2.0
TOTAL_B = 9.0 + 39 * 0.5 + 5.0 + 0.6 + 59 * 0.5


def test_a_schedule_costs_its_firsts_and_so_many_of_each_kind():
    run = record({"a": SLOW, "b": QUICK}, firsts=FIRST)
    assert schedule_seconds(run, table(run), "a").estimate == pytest.approx(TOTAL_A)
    assert schedule_seconds(run, table(run), "b").estimate == pytest.approx(TOTAL_B)
    assert schedule_ratio(run, table(run), "b").estimate == pytest.approx(TOTAL_B / TOTAL_A)


def test_noise_shared_by_a_round_leaves_the_ratio_alone():
    run = record({"a": SLOW, "b": QUICK}, firsts=FIRST, noise=0.3, rounds=90)
    ratio = schedule_ratio(run, table(run), "b")
    assert ratio.estimate == pytest.approx(TOTAL_B / TOTAL_A, rel=0.08)
    assert ratio.low < ratio.estimate < ratio.high


def test_without_seek_the_schedule_is_what_was_run():
    run = record({"a": SLOW, "b": QUICK}, firsts=FIRST, seekable=False, rounds=12)
    # each of 4 rounds a kind ran two epochs
    total = 7.0 + 8 * 1.0 + 12.0 + 8 * 10.0 + 3.0 + 8 * 2.0
    assert schedule_seconds(run, table(run), "a").estimate == pytest.approx(total)
    assert not covers_whole_schedules(run, table(run))


def test_a_kind_that_was_never_measured_leaves_no_projection():
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


def test_arms_that_never_ran_side_by_side_have_no_ratio():
    run = record({"a": SLOW, "b": QUICK})
    run.slices = [piece for piece in run.slices if piece.arm != "b" or piece.round == 0]
    assert schedule_ratio(run, table(run), "b") is None
