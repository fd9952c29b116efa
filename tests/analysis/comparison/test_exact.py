import pytest
from epochs import epoch_of
from hypothesis import given
from hypothesis import strategies as st
from simulated import trained

from harness.analysis.comparison.exact import Exact, Pair, exact, retraces
from harness.analysis.epochs.prefix import common_prefixes
from harness.record.schema import ArmEnd, Slice, Work
from harness.worker.wire.evidence import Trace

STEP, SCORE = Trace("Pinn.step", "pinn.py:12"), Trace("Pinn.score", "pinn.py:40")


def epochs(*traces, indices=None):
    """One epoch for each list of traces."""
    numbers = indices or range(len(traces))
    return [epoch_of(index, "epoch", 0.1, 0.1, {}, list(own)) for index, own in zip(numbers, traces, strict=True)]


def run(mine, theirs, *flops):
    """Arm `b`, which ran `mine`, beside `a`, which ran `theirs`; operations by kind of `a` and of `b`."""
    record = trained({"a": [], "b": []}, terms={"a": {}, "b": {}})
    for position, (arm, own) in enumerate((("a", theirs), ("b", mine))):
        record.add(Slice(block=0, group=0, round=0, position=position, arm=arm, epochs=own))
    for arm, own in zip("ab", flops, strict=False):
        record.add(Work(block=0, group=0, arm=arm, flops=own))
    return record


def test_one_more_trace_is_seen_among_any_number():
    theirs = epochs([STEP], *[[]] * 49)
    mine = epochs([STEP], *[[]] * 30, [STEP], *[[]] * 18)
    assert exact(run(mine, theirs), "b") == Exact(50, Pair(1, 2), Pair(0, 1), {})
    assert not exact(run(mine, theirs), "b").traces.same
    assert exact(run(theirs, theirs), "b").traces.same


def test_traces_count_only_as_far_as_both_ran_the_same_epochs():
    theirs = epochs([STEP], [], [SCORE], indices=[0, 1, 2])
    mine = epochs([STEP], [], [SCORE, STEP], indices=[0, 1, 9])
    assert exact(run(mine, theirs), "b") == Exact(2, Pair(1, 1), Pair(0, 0), {})
    assert exact(run(epochs([], indices=[5]), theirs), "b") is None


def test_the_baseline_has_nothing_to_differ_from():
    assert exact(run(epochs([STEP]), epochs([STEP])), "a") is None


def test_operations_are_compared_by_kind_where_both_counted():
    found = exact(run(epochs([]), epochs([]), {"data": 1e6, "full": 9e9}, {"full": 1e9, "ramp": 1.0}), "b")
    assert found.flops == {"full": Pair(9e9, 1e9)}
    assert exact(run(epochs([]), epochs([]), {"full": 1e9}), "b").flops == {}


@pytest.mark.parametrize("unseen", [("a",), ("b",), ("a", "b")])
def test_traces_that_were_not_observed_are_neither_0_nor_the_same(unseen):
    record = run(epochs([], []), epochs([], []), {"full": 1e9}, {"full": 2e9})
    for arm in unseen:
        record.add(
            ArmEnd(block=0, group=0, arm=arm, status="ok", unavailable={"traces": "those of JAX are not observed"})
        )
    found = exact(record, "b")
    assert (found.epochs, found.traces, found.retraces) == (2, None, None)
    assert found.unobserved == "those of JAX are not observed"
    assert found.flops == {"full": Pair(1e9, 2e9)}


@given(st.lists(st.sampled_from([STEP, SCORE, Trace("<lambda>", "x.py:1"), Trace("<lambda>", "x.py:2")])))
def test_a_retrace_is_any_trace_of_code_that_was_traced_before(traces):
    seen = [trace for place, trace in enumerate(traces) if trace in traces[:place]]
    assert retraces(traces) == len(seen)


@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(0, 3), max_size=6))
def test_a_common_prefix_ends_where_the_indices_part(mine, theirs):
    record = run(epochs(*[[]] * len(mine), indices=mine), epochs(*[[]] * len(theirs), indices=theirs))
    (pairs,) = common_prefixes(record, "b")
    assert [own.index for own, _ in pairs] == [other.index for _, other in pairs] == mine[: len(pairs)]
    assert mine[: len(pairs) + 1] != theirs[: len(pairs) + 1] or len(pairs) in (len(mine), len(theirs))
