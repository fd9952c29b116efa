import pytest
from simulated import DATA, FULL, record

from harness.analysis.profile.work import Arithmetic, arithmetic
from harness.record.schema import Work

SECONDS = {DATA: 0.5, FULL: 0.25}


def with_work(*works):
    run = record({"a": {DATA: 0.5, FULL: 0.25}})
    for work in works:
        run.add(work)
    return run


def test_the_rate_of_an_epoch_is_its_operations_by_its_time_and_is_a_share_of_the_yardstick():
    found = arithmetic(
        with_work(
            Work(block=0, group=0, arm="a", flops={DATA: 1e9, FULL: 4e9}, unavailable=None, gemm_flops_per_second=2e10)
        ),
        "a",
        SECONDS,
    )
    assert found.flops == {DATA: 1e9, FULL: 4e9}
    assert found.gemm_flops_per_second == 2e10
    assert found.gemm_share == {DATA: pytest.approx(0.1), FULL: pytest.approx(0.8)}


def test_an_arm_that_was_not_counted_has_nothing_and_another_ones_count_is_not_its():
    assert (
        arithmetic(
            with_work(Work(block=0, group=0, arm="b", flops={DATA: 1e9}, unavailable=None, gemm_flops_per_second=1e9)),
            "a",
            SECONDS,
        )
        == Arithmetic()
    )
    why = Work(block=0, group=0, arm="a", flops={}, unavailable="no tf.function was called", gemm_flops_per_second=1e9)
    assert arithmetic(with_work(why), "a", SECONDS) == Arithmetic({}, "no tf.function was called", 1e9, {})


def test_a_kind_that_was_timed_but_not_counted_has_a_reason():
    found = arithmetic(
        with_work(Work(block=0, group=0, arm="a", flops={DATA: 1e9}, unavailable=None, gemm_flops_per_second=1e10)),
        "a",
        SECONDS,
    )
    assert found.unavailable == "its full epochs ran only in turns, where calls are not observed"
    found = arithmetic(
        with_work(Work(block=0, group=0, arm="a", flops={DATA: 1e9}, unavailable="no tf.function was called")),
        "a",
        SECONDS,
    )
    assert found.unavailable == "no tf.function was called"


def test_there_is_no_share_without_a_yardstick_or_without_an_epoch_that_was_timed():
    assert arithmetic(with_work(Work(block=0, group=0, arm="a", flops={DATA: 1e9})), "a", SECONDS).gemm_share == {}
    assert arithmetic(
        with_work(
            Work(block=0, group=0, arm="a", flops={DATA: 1e9, "late": 1e9}, unavailable=None, gemm_flops_per_second=1e9)
        ),
        "a",
        SECONDS,
    ).gemm_share == {DATA: 2.0}
