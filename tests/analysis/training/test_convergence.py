from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from trained import falling, record

from harness.analysis.training.convergence import convergence, quality
from harness.analysis.training.curves import trainings
from harness.record.schema import ArmEnd, ArmReady, BlockStart, Evaluation
from harness.record.store import Record
from harness.worker.wire.messages import Description, Segment

SLOW, QUICK = falling(1.0, 0.5, 0.2, 0.1), falling(1.0, 0.8, 0.4, 0.3)
WALLS = {"slow": 2.0, "quick": 1.0}


def run(**options):
    return record({"slow": SLOW, "quick": QUICK}, walls=WALLS, **options)


def error(at):
    return at.standing.metrics["error"].mean


# Trainings


def test_seconds_at_each_evaluation():
    (first, *others) = trainings(run(seed=4), "slow")
    assert [(point.epochs, point.seconds) for point in first.checkpoints] == [(0, 0), (5, 10), (10, 20), (15, 30)]
    assert (first.seed, first.status, first.epochs, first.seconds) == (4, "ok", 15, 30)
    assert [training.seed for training in others] == [5, 6]


def test_only_the_restarted_training_counts():
    made = run(seeds=1)
    lines = [*made.starts, *made.ready, *made.slices, *made.evaluations]
    again = Record([made.header, *lines])
    again.add(ArmEnd(block=0, group=0, arm="slow", status="regrouped", reason="memory"))
    again.add(ArmEnd(block=0, group=0, arm="quick", status="failed", reason="ValueError", moment="in epoch 15"))
    again.add(BlockStart(0, 1, ["slow"], one_by_one=True))
    again.add(
        ArmReady(
            block=0,
            group=1,
            arm="slow",
            pid=2,
            build_seconds=1.0,
            description=Description(False, [Segment("epoch", 0, 5)]),
            environment={},
            versions={},
        )
    )
    again.add(Evaluation(0, 1, "slow", 0, {"error": 0.7}))
    (slow,) = trainings(again, "slow")
    assert [point.metrics for point in slow.checkpoints] == [{"error": 0.7}]
    assert slow.status == "cut off"
    (quick,) = trainings(again, "quick")
    assert (quick.status, len(quick.checkpoints)) == ("failed", 4)


def test_each_reference_step_has_its_own_seconds():
    made = record({"net": SLOW, "solver": falling(0.3, 0.1, 0.01, every=1)[1:]}, walls={"net": 1.0, "solver": 0.5},
                  references=("solver",))  # fmt: skip
    for training in trainings(made, "solver"):
        assert [(point.epochs, point.seconds) for point in training.checkpoints] == [(1, 0.5), (2, 0.5)]
        assert training.seconds == 0.5


# Quality


@given(st.lists(st.floats(1e-6, 1e6), min_size=3, max_size=8))
def test_metrics_have_scipys_geometric_mean_and_t_interval_of_the_logarithms(values):
    found = quality(values)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.geometric_mean.estimate == pytest.approx(stats.gmean(values))
    scatter = stats.sem(np.log(values))
    assume(scatter > 1e-9)
    low, high = np.clip(stats.t.interval(0.95, len(values) - 1, np.log(stats.gmean(values)), scatter), -700, 700)
    assert log(found.geometric_mean.low) == pytest.approx(low, abs=1e-6)
    assert log(found.geometric_mean.high) == pytest.approx(high, abs=1e-6)


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=2))
def test_one_or_two_values_have_no_interval_but_are_themselves_given(values):
    found = quality(values)
    assert found.geometric_mean.estimate == pytest.approx(stats.gmean(values))
    assert found.geometric_mean.low is found.geometric_mean.high is None
    assert (found.lowest, found.highest) == (min(values), max(values))


@pytest.mark.parametrize("seeds", [3, 4])
def test_interval_of_a_metric_has_nominal_coverage(seeds):
    random = np.random.default_rng(0)
    trials, covered = 1000, 0
    for _ in range(trials):
        found = quality([exp(value) for value in random.normal(log(0.01), 1.0, seeds)]).geometric_mean
        covered += found.low <= 0.01 <= found.high
    assert 0.93 <= covered / trials <= 0.97


def test_a_zero_makes_the_geometric_mean_zero_without_an_interval():
    found = quality([0.0, 4.0])
    assert (found.mean, found.geometric_mean.estimate) == (2.0, 0.0)
    assert found.geometric_mean.low is found.geometric_mean.high is None


def test_a_metric_below_zero_has_no_geometric_mean():
    assert quality([-1.0, 3.0]).geometric_mean is None
    assert quality([-1.0, 3.0]).mean == 1.0


def test_nonfinite_metric_is_counted_and_has_no_mean():
    found = quality([0.1, None, None])
    assert (found.mean, found.geometric_mean) == (None, None)
    assert (found.trainings, found.not_finite) == (3, 2)


def test_metric_missing_in_some_trainings_uses_the_others():
    def changed(seed):
        return [(5, {"error": 0.5} if seed else {"error": 0.5, "early": 0.25})]

    metrics = convergence(record({"a": changed}, walls={"a": 1.0}))["a"].final.metrics
    assert (metrics["early"].mean, metrics["early"].trainings, metrics["early"].not_finite) == (0.25, 1, 0)
    assert metrics["error"].trainings == 3


def test_means_of_huge_metrics_stay_finite():
    assert quality([1e308, 1e308]).mean == pytest.approx(1e308)


# Seeds that change nothing


@pytest.mark.parametrize(
    ("curve", "ignored"),
    [
        (falling(1.0, 0.5), True),
        (falling(0.5, 0.5), False),
        (falling(0.5), False),
        (falling(None, None), False),
        (lambda seed: falling(1.0, 0.5 + seed * 1e-12), False),
    ],
    ids=["same", "constant", "one evaluation", "not finite", "another"],
)
def test_seed_is_ignored_if_all_seeds_agree_while_metrics_change(curve, ignored):
    assert convergence(record({"a": curve}, walls={"a": 1.0}))["a"].ignores_seed == ignored


def test_one_seed_does_not_show_that_it_is_ignored():
    assert not convergence(record({"a": SLOW}, walls={"a": 1.0}, seeds=1))["a"].ignores_seed


# At equal epochs and at equal time


def test_compares_arms_at_the_end_of_the_shortest_and_of_the_fastest():
    made = record({"slow": SLOW, "quick": falling(1.0, 0.8, 0.4)}, walls=WALLS)
    found = convergence(made)
    assert found["slow"].equal_epochs.limit == found["quick"].equal_epochs.limit == 10
    assert error(found["slow"].equal_epochs) == pytest.approx(0.2)
    assert error(found["quick"].equal_epochs) == pytest.approx(0.4)
    # quick trains 10 epochs of 1 s; by then slow has trained 5 of 2 s
    assert found["slow"].equal_time.limit == pytest.approx(10.0)
    assert error(found["slow"].equal_time) == pytest.approx(0.5)
    assert error(found["quick"].equal_time) == pytest.approx(0.4)
    assert found["slow"].final.epochs == 15
    assert found["slow"].final.metrics["error"].mean == pytest.approx(0.1)


def test_uses_the_earlier_of_two_checkpoints():
    made = record({"a": falling(1.0, 0.5, 0.2, every=4), "b": falling(1.0, 0.9, every=7)}, walls={"a": 1.0, "b": 1.0})
    standing = convergence(made)["a"].equal_epochs.standing
    assert (standing.epochs, standing.metrics["error"].mean) == (4, 0.5)


def test_fastest_arm_is_by_median_seed():
    made = record({"a": SLOW, "b": SLOW}, walls={"a": 9.0, "b": lambda seed: [1.0, 2.0, 3.0][seed]})
    found = convergence(made)
    assert found["b"].equal_time.limit == pytest.approx(30.0)
    # after 30 s seeds 0 and 1 are over at 0.1, and seed 2 has trained 10 epochs of 3 s
    assert error(found["b"].equal_time) == pytest.approx((0.1 + 0.1 + 0.2) / 3)
    assert found["a"].equal_time.standing.epochs == 0


def test_references_set_no_limit_and_are_listed_step_by_step():
    solver = [(step, {"error": 0.1**step}) for step in (1, 2, 3)]
    found = convergence(
        record({"net": SLOW, "solver": solver}, walls={"net": 1.0, "solver": 0.2}, references=("solver",))
    )
    assert found["net"].equal_epochs.limit == 15
    assert found["net"].equal_time.limit == pytest.approx(15.0)
    assert found["solver"].reference
    assert [(s.epochs, s.seconds, s.metrics["error"].mean) for s in found["solver"].curve] == [
        (step, pytest.approx(0.2), pytest.approx(0.1**step)) for step in (1, 2, 3)
    ]


def test_a_run_of_references_alone_has_no_limits():
    found = convergence(record({"solver": SLOW}, walls={"solver": 0.2}, references=("solver",)))
    assert found["solver"].equal_epochs is found["solver"].equal_time is None
    assert found["solver"].final is not None


# Failures


def test_an_arm_that_always_failed_is_kept_and_sets_no_limit():
    curves = {"a": falling(1.0, 0.5, 0.25), "b": falling(1.0, 0.9)}
    found = convergence(record(curves, walls={"a": 1.0, "b": 1.0}, fails=[("b", 0), ("b", 1), ("b", 2)]))
    assert found["a"].equal_epochs.limit == 10
    assert found["b"].equal_epochs.standing is None
    assert found["b"].equal_time.standing is None
    assert found["b"].final.epochs == 5
    assert error(found["a"].equal_epochs) == 0.25
    assert {training.status for training in found["b"].trainings} == {"failed"}


def test_a_failed_seed_counts_up_to_its_failure():
    def unlucky(seed):
        return falling(1.0, 0.5) if seed == 1 else falling(1.0, 0.5, 0.25)

    found = convergence(record({"a": SLOW, "b": unlucky}, walls={"a": 1.0, "b": 1.0}, fails=[("b", 1)]))["b"]
    assert [training.epochs for training in found.trainings] == [10, 5, 10]
    assert found.final.metrics["error"].trainings == 2
    assert found.equal_epochs.limit == 10
    assert found.equal_epochs.standing.metrics["error"].trainings == 2
    assert [standing.metrics["error"].trainings for standing in found.curve] == [3, 3, 2]


def test_compares_what_exists_if_interrupted_in_the_first_seed():
    curves = {"a": falling(1.0, 0.5, 0.25), "b": falling(1.0, 0.9)}
    cut = [("a", 0), ("b", 0)]
    found = convergence(record(curves, walls={"a": 1.0, "b": 1.0}, seeds=1, cut_off=cut, target=("error", 0.1)))
    assert found["a"].equal_epochs.limit == 5
    assert error(found["a"].equal_epochs) == 0.5
    assert found["a"].final.epochs == 10
    assert (found["a"].to_target.trainings, found["a"].to_target.seconds) == (0, None)


def test_no_results_for_an_arm_never_evaluated():
    found = convergence(record({"a": SLOW, "b": []}, walls={"a": 1.0, "b": 1.0}, fails=[("b", 0)]))["b"]
    assert (found.final, found.curve, found.equal_epochs.standing) == (None, [], None)


# Time to target


@given(
    st.lists(st.lists(st.floats(0, 1) | st.none(), min_size=1, max_size=6), min_size=1, max_size=7),
    st.floats(0, 1),
    st.floats(0.1, 10),
)
def test_time_to_target_is_the_first_evaluation_at_or_below_it(errors, goal, wall):
    curves = {"a": lambda seed: falling(*errors[seed])}
    made = record(curves, walls={"a": wall}, seeds=len(errors), target=("error", goal))
    found = convergence(made)["a"].to_target
    firsts = [
        next((5 * place for place, value in enumerate(own) if value is not None and value <= goal), inf)
        for own in errors
    ]
    assert found.epochs.estimate == np.median(firsts)
    assert found.seconds.estimate == pytest.approx(np.median(firsts) * wall)
    assert (found.reached, found.trainings) == (sum(first < inf for first in firsts), len(errors))
    if len(firsts) in range(2, 6):
        assert (found.epochs.low, found.epochs.high) == (min(firsts), max(firsts))


def test_a_seed_that_never_reaches_the_target_counts_as_infinite():
    made = record(
        {"a": lambda seed: SLOW if seed == 1 else QUICK}, walls={"a": 2.0}, target=("error", 0.2), fails=[("a", 2)]
    )
    found = convergence(made)["a"].to_target
    assert (found.reached, found.trainings) == (1, 3)
    assert (found.seconds.estimate, found.seconds.low, found.seconds.high) == (inf, 20.0, inf)
    assert found.seconds.coverage == 0.75


def test_failure_after_reaching_the_target_counts_as_reached():
    made = run(target=("error", 0.4), fails=[("slow", seed) for seed in range(3)])
    assert convergence(made)["slow"].to_target.reached == 3
    assert convergence(run())["slow"].to_target is None
