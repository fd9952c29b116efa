"""What is said of frameworks that used another number of threads than harness set."""

from msgspec.structs import replace
from simulated import DATA, FULL, REFINE, record

from harness.report.sections import threads
from harness.report.summarize import summarize

SLOWER = {"base": {DATA: 1.0, REFINE: 1.0, FULL: 1.0}, "new": {DATA: 2.0, REFINE: 2.0, FULL: 2.0}}
EQUAL = {"base": SLOWER["base"], "new": SLOWER["base"]}
TOLD = {"threads": {"PyTorch": 1}, "threads_set_by": {"PyTorch": "train.py:4"}}


def run(seconds, told, **loaded):
    summary = summarize(record(seconds))
    base, new = summary.arms
    return replace(
        summary, threads=2, arms=[replace(base, cores_busy=1.9), replace(new, cores_busy=1.0, **told, **loaded)]
    )


def test_a_clear_difference_begins_with_the_line_that_limits_threads():
    summary = run(SLOWER, TOLD)
    assert list(threads.differing(summary)) == [
        "PyTorch uses 1 thread in new (train.py:4 sets them), and 2 threads in base: on average 1 in new and 1.9 in"
        " base of 2 processors compute."
    ]
    assert list(threads.others(summary)) == []


def test_without_a_clear_difference_it_is_a_remark():
    assert list(threads.differing(run(EQUAL, TOLD))) == []
    (one,) = threads.others(run(EQUAL, TOLD))
    assert one == "PyTorch used 1 thread in new, and not the 2 that harness set: train.py:4 sets them."
    (one,) = threads.others(run(EQUAL, {"threads": {"PyTorch": 1}}))
    assert one.endswith("does the program set them itself?")


def test_arms_that_use_other_libraries_are_not_compared_by_threads():
    summary = run(SLOWER, TOLD, loaded={"torch": "2.13.0"})
    assert list(threads.differing(summary)) == []
    assert len(list(threads.others(summary))) == 1
