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


def test_rate_is_operations_per_time_as_a_share_of_the_reference_rate():
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


def test_an_uncounted_arm_has_no_operations():
    assert (
        arithmetic(
            with_work(Work(block=0, group=0, arm="b", flops={DATA: 1e9}, unavailable=None, gemm_flops_per_second=1e9)),
            "a",
            SECONDS,
        )
        == Arithmetic()
    )
    why = Work(block=0, group=0, arm="a", flops={}, unavailable="no tf.function was called", gemm_flops_per_second=1e9)
    assert arithmetic(with_work(why), "a", SECONDS) == Arithmetic({}, "no tf.function was called", 1e9, {}, [])


def test_timed_but_uncounted_kind_has_a_reason():
    found = arithmetic(
        with_work(Work(block=0, group=0, arm="a", flops={DATA: 1e9}, unavailable=None, gemm_flops_per_second=1e10)),
        "a",
        SECONDS,
    )
    assert found.unavailable == "its full epochs ran only in turns, where operations are not counted"
    found = arithmetic(
        with_work(Work(block=0, group=0, arm="a", flops={DATA: 1e9}, unavailable="no tf.function was called")),
        "a",
        SECONDS,
    )
    assert found.unavailable == "no tf.function was called"


def test_no_share_without_a_reference_rate_or_a_timed_epoch():
    assert arithmetic(with_work(Work(block=0, group=0, arm="a", flops={DATA: 1e9})), "a", SECONDS).gemm_share == {}
    assert arithmetic(
        with_work(
            Work(block=0, group=0, arm="a", flops={DATA: 1e9, "late": 1e9}, unavailable=None, gemm_flops_per_second=1e9)
        ),
        "a",
        SECONDS,
    ).gemm_share == {DATA: 2.0}
