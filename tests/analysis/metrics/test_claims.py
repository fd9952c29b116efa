"""Claims checked against runs with a known answer."""

import dataclasses
from math import log

import pytest
from epochs import epoch_of
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from simulated import DATA, FULL, REFINE, record

from harness.analysis.comparison.losses import Term
from harness.analysis.metrics.claims import CONFIRMED, REFUTED, UNSURE, ClaimReason, ClaimWhy, answer, check
from harness.analysis.stats.estimates import Estimate
from harness.plan.claims import Claim
from harness.record.schema import ArmEnd, Evaluation, Objective, Slice, Work
from harness.worker.wire.evidence import Trace
from harness.worker.wire.messages import Segment

COSTS = {
    "a": {DATA: 0.1, REFINE: 1.0, FULL: 0.2},
    "b": {DATA: 0.1, REFINE: 1.0, FULL: 0.1},
    "c": {DATA: 0.1, REFINE: 1.0, FULL: 0.05},
}


def claim(relation, metric="cost", arm="b", **more):
    return Claim("somebody said so", metric, arm, relation, **more)


def found(run, *claims):
    return [one.verdict for one in check(claims, run)]


@pytest.mark.parametrize(
    ("relation", "factor", "interval", "verdict"),
    [
        ("less", 10, (0.05, 0.09), CONFIRMED),
        ("less", 10, (0.05, 0.11), UNSURE),
        ("less", 10, (0.11, 0.12), REFUTED),
        ("less", None, (0.90, 0.96), CONFIRMED),
        ("less", None, (0.98, 0.99), REFUTED),
        ("less", None, (0.90, 0.99), UNSURE),
        ("more", 2, (2.1, 2.2), CONFIRMED),
        ("more", 2, (1.9, 1.95), REFUTED),
        ("more", 2, (1.9, 2.2), UNSURE),
        ("same", None, (0.98, 1.02), CONFIRMED),
        ("same", None, (1.04, 1.06), REFUTED),
        ("same", None, (0.90, 0.96), REFUTED),
        ("same", None, (0.96, 1.02), UNSURE),
        ("not more", None, (0.5, 1.02), CONFIRMED),
        ("not more", None, (1.04, 1.05), REFUTED),
        ("not more", None, (0.99, 1.05), UNSURE),
        ("not less", None, (0.98, 3.0), CONFIRMED),
        ("not less", None, (0.90, 0.95), REFUTED),
    ],
)
def test_a_claim_is_a_threshold_on_ratios(relation, factor, interval, verdict):
    low, high = map(log, interval)
    assert answer(claim(relation, factor=factor), Estimate((low + high) / 2, low, high), log(1.03)) == verdict


@given(st.floats(-3, 3), st.floats(0, 1), st.floats(1.1, 20))
def test_less_and_more_are_opposites(middle, half, factor):
    one = answer(claim("less", factor=factor), Estimate(middle, middle - half, middle + half), 0.03)
    other = answer(claim("more", factor=factor), Estimate(-middle, -middle - half, -middle + half), 0.03)
    assert one == other


def test_costs_are_compared_with_any_arm_of_the_run():
    run = record(COSTS, noise=0.001)
    assert found(
        run,
        claim("less"),
        claim("less", factor=2),
        claim("less", "epoch_seconds", kind=FULL, factor=1.9),
        claim("same", "epoch_seconds", kind=DATA),
        claim("less", "epoch_seconds", arm="c", baseline="b", kind=FULL, factor=1.9),
        claim("more", "epoch_seconds", arm="a", baseline="c", kind=FULL, factor=3.9),
        claim("less", "epoch_seconds", factor=1.9),
    ) == [CONFIRMED, REFUTED, CONFIRMED, CONFIRMED, CONFIRMED, CONFIRMED, CONFIRMED]
    (one,) = check([claim("less", "epoch_seconds", arm="c", baseline="b", kind=FULL)], run)
    assert one.ratio.estimate == pytest.approx(0.5, abs=0.002)
    assert one.baseline == "b"


def test_reports_what_is_missing():
    run = record(COSTS)
    verdicts = check([claim("less", arm="x", baseline="y"), claim("less", "epoch_seconds", kind="none")], run)
    assert [(one.verdict, one.why) for one in verdicts] == [
        ("not in this run", ClaimWhy(reason=ClaimReason.NO_ARM, arms=("x", "y"))),
        ("not measured", ClaimWhy(reason=ClaimReason.NOT_RECORDED)),
    ]
    run.add(ArmEnd(block=0, group=0, arm="b", status="failed", reason="x", moment="in epoch 3"))
    (one,) = check([claim("less")], run)
    assert (one.verdict, one.why) == ("not measured", ClaimWhy(reason=ClaimReason.FAILED, arms=("b",)))


def test_two_blocks_give_no_verdict():
    (one,) = check([claim("less")], record(COSTS, blocks=2))
    assert (one.verdict, one.why) == (UNSURE, ClaimWhy(reason=ClaimReason.TOO_FEW_BLOCKS))
    assert one.ratio.estimate == pytest.approx(11 / 17)


def test_memory_is_compared_by_block_and_tensors_are_counted():
    run = record(COSTS)
    run.ends[:] = [
        replace(end, peak_rss_bytes=(2 if end.arm == "a" else 1) * 10**9 + end.block, peak_tensor_bytes=100)
        for end in run.ends
    ]
    wanted = [claim("less", "peak_rss_bytes", factor=1.9), claim("less", "peak_tensor_bytes")]
    assert found(run, *wanted) == [CONFIRMED, REFUTED]
    assert check(wanted, run)[1].counts.baseline == 100


def test_traces_are_counted_and_may_be_zero():
    run = record(COSTS)
    trace = Trace("step", "x.py:3", 0.5)
    run.slices.insert(
        0,
        Slice(
            block=0,
            group=0,
            round=0,
            position=0,
            arm="a",
            epochs=[epoch_of(0, DATA, 0.1, 0.1, {}, [trace, trace, trace])],
        ),
    )
    run.slices.insert(
        0, Slice(block=0, group=0, round=0, position=0, arm="b", epochs=[epoch_of(0, DATA, 0.1, 0.1, {}, [trace])])
    )
    traces, retraces = claim("less", "traces", factor=3), claim("less", "retraces")
    assert found(run, traces, retraces, claim("same", "compilations")) == [CONFIRMED] * 3
    one = check([retraces], run)[0]
    assert (one.counts.baseline, one.counts.arm, one.ratio.estimate) == (2, 0, 0)
    (other,) = check([claim("more", "retraces", arm="a", baseline="b")], run)
    assert (other.verdict, other.ratio) == (CONFIRMED, None)


def test_operations_are_of_the_most_frequent_kind():
    run = record(COSTS)
    run.add(Work(block=0, group=0, arm="a", flops={DATA: 1.0, FULL: 8.0}))
    run.add(Work(block=0, group=0, arm="b", flops={DATA: 1.0, FULL: 4.0}))
    assert found(run, claim("less", "flops_per_epoch", factor=2)) == [CONFIRMED]
    run.works[1] = replace(run.works[1], incomplete=[FULL])
    assert found(run, claim("less", "flops_per_epoch")) != [CONFIRMED], "it may be more"


def test_growth_is_relative_to_the_arms_start():
    run = record(COSTS)
    segments = [Segment(DATA, 0, 40, {"batch_points": 64.0}), Segment(FULL, 40, 101, {"batch_points": 96.0})]
    run.ready[:] = [
        replace(line, description=dataclasses.replace(line.description, segments=segments)) for line in run.ready
    ]
    grows = claim("not more", "growth.batch_points")
    assert found(run, grows, claim("more", "growth.batch_points", factor=1.5)) == [REFUTED, CONFIRMED]
    (one,) = check([grows], run)
    assert (one.baseline, one.counts.baseline, one.counts.arm) == ("b at first", 64, 96)
    assert found(run, claim("not more", "growth.pool_points")) == ["not measured"]


def test_objectives_are_equal_or_different():
    run = record(COSTS)
    same = claim("same", "objective")
    assert found(run, same) == ["not measured"]
    for arm, term in (("a", 1.0), ("b", 1.0), ("c", 0.5)):
        run.add(Objective(0, 0, arm, {"physics": term}))
        run.slices.insert(
            0,
            Slice(
                block=0,
                group=0,
                round=0,
                position=0,
                arm=arm,
                epochs=[epoch_of(0, DATA, 0.1, 0.1, {"loss": term + (arm == "b") * 1e-6})],
            ),
        )
    assert found(run, same, claim("same", "objective", arm="c")) == [CONFIRMED, REFUTED]
    why = check([claim("same", "objective", arm="c")], run)[0].why
    assert (why.reason, why.losses.term) == (ClaimReason.LOSSES, Term("physics", 0.5, 1.0))
    for arm, term in (("a", 0.7), ("b", 1.0), ("c", 0.6)):
        run.add(Objective(1, 0, arm, {"physics": term}))
    assert found(run, claim("same", "objective", arm="c")) == [UNSURE], "the baseline does not repeat"
    run.objectives.clear()
    assert found(run, same) == [UNSURE]


def test_unobserved_is_not_measured_with_a_reason():
    run = record(COSTS)
    assert found(run, claim("same", "traces"), claim("same", "compilations")) == [CONFIRMED, CONFIRMED]
    why = "those of JAX are not observed"
    run.ends[:] = [replace(end, unavailable={"traces": why, "compilations": why}) for end in run.ends]
    for metric in ("traces", "retraces", "compilations"):
        (one,) = check([claim("same", metric)], run)
        expected = ClaimWhy(reason=ClaimReason.NOT_RECORDED, detail=why)
        assert (one.verdict, one.why) == ("not measured", expected)


def test_quality_is_compared_by_seed():
    run = record({"a": {DATA: 0.1}, "b": {DATA: 0.1}}, seekable=False)
    run.add(replace(run.header, plan=replace(run.plan, command="converge", evaluations=1)))
    for seed in range(3):
        run.add(Evaluation(seed, 0, "a", 12, {"error": 0.1 * (1 + seed)}))
        run.add(Evaluation(seed, 0, "b", 12, {"error": 0.2 * (1 + seed)}))
    worse = claim("not more", "quality.error")
    assert found(run, worse, claim("more", "quality.error", factor=1.9), claim("less")) == [
        REFUTED,
        CONFIRMED,
        "not measured",
    ]
