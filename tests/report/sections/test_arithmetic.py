import pytest
from epochs import epoch_of
from msgspec.structs import replace
from shown import as_markdown, contents
from simulated import DATA, FULL, REFINE, record

from harness.record.schema import Objective, Slice, Work
from harness.report.sections import comparison
from harness.report.sections.arithmetic import arithmetic
from harness.report.summarize import summarize

ARMS = {"original": {DATA: 0.1, REFINE: 1.0, FULL: 0.2}, "quick": {DATA: 0.1, REFINE: 1.0, FULL: 0.1}}


def run_with(*lines, arms=ARMS, command="compare"):
    run = record(arms)
    run.head = replace(run.header, plan=replace(run.plan, command=command))
    for line in lines:
        run.add(line)
    return run


def test_each_kind_has_operations_rate_and_share():
    table = arithmetic(
        summarize(
            run_with(
                Work(
                    block=0,
                    group=0,
                    arm="original",
                    flops={DATA: 2e9, REFINE: 4e9, FULL: 40e9, "late": 2e12},
                    unavailable=None,
                    gemm_flops_per_second=400e9,
                ),
                Work(
                    block=0,
                    group=0,
                    arm="quick",
                    flops={DATA: 3e6, REFINE: 3e6, FULL: 0.0},
                    unavailable=None,
                    gemm_flops_per_second=None,
                ),
            )
        ),
        in_depth=True,
    )
    assert table.rows == [
        ["original", DATA, "2.00 GFLOP", "20.0 GFLOP/s", "5 %"],
        ["original", REFINE, "4.00 GFLOP", "4.00 GFLOP/s", "1 %"],
        ["original", FULL, "40.0 GFLOP", "200 GFLOP/s", "50 %"],
        ["original", "late", "2.00 TFLOP", "-", "-"],
        ["quick", DATA, "3.00 MFLOP", "30.0 MFLOP/s", "-"],
        ["quick", REFINE, "3.00 MFLOP", "3.00 MFLOP/s", "-"],
        ["quick", FULL, "0 MFLOP", "0 MFLOP/s", "-"],
    ]
    assert "Not all" not in table.note


def test_a_comparison_shows_the_most_frequent_kind_of_each_arm():
    works = (
        Work(
            block=0,
            group=0,
            arm="original",
            flops={DATA: 2e9, REFINE: 4e9, FULL: 40e9},
            unavailable=None,
            gemm_flops_per_second=400e9,
        ),
        Work(
            block=0,
            group=0,
            arm="quick",
            flops={DATA: 3e6},
            unavailable="no tf.function was called",
            gemm_flops_per_second=400e9,
        ),
    )
    rows = arithmetic(summarize(run_with(*works))).rows
    # The schedule has 40 epochs of data and 60 in full.
    assert rows == [["original", FULL, "40.0 GFLOP", "200 GFLOP/s", "50 %"], ["quick", FULL, "-", "-", "-"]]


def test_uncounted_values_are_dashes_with_a_reason():
    works = (
        Work(
            block=0,
            group=0,
            arm="original",
            flops={},
            unavailable="XLA cannot compile it: no such op",
            gemm_flops_per_second=4e11,
        ),
        Work(
            block=0,
            group=0,
            arm="quick",
            flops={DATA: 1e9},
            unavailable="no tf.function was called",
            gemm_flops_per_second=4e11,
        ),
    )
    table = arithmetic(summarize(run_with(*works)), in_depth=True)
    assert table.rows[0] == ["original", "-", "-", "-", "-"]
    assert [row[1:3] for row in table.rows[1:]] == [[DATA, "1.00 GFLOP"], [REFINE, "-"], [FULL, "-"]]
    assert table.note.endswith(
        "Not everything was counted. original: XLA cannot compile it: no such op; quick: no tf.function was called."
    )


@pytest.mark.parametrize(
    "why", ["no framework was loaded whose operations can be counted", "TensorFlow was not loaded"]
)
def test_no_empty_table_for_loops_without_a_framework(why):
    """Earlier versions named TensorFlow in it."""
    nothing = [Work(block=0, group=0, arm=arm, flops={}, unavailable=why) for arm in ARMS]
    assert arithmetic(summarize(run_with(*nothing))) is None
    assert arithmetic(summarize(run_with())) is None
    beside = arithmetic(summarize(run_with(nothing[0], Work(block=0, group=0, arm="quick", flops={DATA: 1e9}))))
    assert {row[0] for row in beside.rows} == {"quick"}
    assert f"original: {why}" in beside.note


def titles(run):
    return [table.title for table in contents(run).tables]


def test_a_comparison_and_a_profile_both_show_it():
    work = Work(block=0, group=0, arm="original", flops={DATA: 1e9}, unavailable=None, gemm_flops_per_second=4e11)
    assert "Arithmetic" in titles(run_with(work))
    alone = run_with(work, arms={"original": ARMS["original"]})
    alone.add(replace(alone.header, plan=replace(alone.plan, command="profile", probes=("phases",))))
    assert summarize(alone).command == "profile"
    assert titles(alone)[-1] == "Arithmetic"


def test_a_comparison_says_if_each_arms_losses_equal_the_baselines():
    run = run_with(arms=ARMS | {"third": ARMS["quick"]})
    assert "Losses" not in titles(run)
    for arm, loss in (("original", 1.0), ("quick", 1.0), ("third", 1.0 + 3e-6)):
        run.slices.insert(
            0,
            Slice(block=0, group=0, round=0, position=0, arm=arm, epochs=[epoch_of(0, DATA, 0.1, 0.1, {"loss": loss})]),
        )
    table = comparison.losses(summarize(run))
    drifts = "drifts from epoch 0 by 3e-06, judged from one process of each"
    assert table.rows == [["quick", "same bit for bit", "1"], ["third", drifts, "1"]]
    for arm, term in (("original", 1.0), ("third", 0.37)):
        run.add(Objective(0, 0, arm, {"physics": term}))
    text = as_markdown(run)
    assert "| third | perhaps a different objective (physics 0.37x), judged from one process of each | 1 |" in text
    assert "losses are compared bit by bit" in text


def test_what_is_counted_in_part_is_at_least_that_and_is_not_compared():
    works = [
        Work(block=0, group=0, arm=arm, flops={DATA: 2e9, FULL: 4e9}, incomplete=[DATA], unavailable="at least: 3 lack")
        for arm in ("original", "quick")
    ]
    run = run_with(*works)
    found = summarize(run)
    table = arithmetic(found, in_depth=True)
    assert [row[2] for row in table.rows if row[0] == "quick"][:2] == ["at least 2.00 GFLOP", "4.00 GFLOP"]
    assert [row[3].startswith("at least") for row in table.rows if row[0] == "quick"][:2] == [True, False]
    assert "at least: 3 lack" in table.note
    assert set(found.arms[1].exact.flops) == {FULL}
