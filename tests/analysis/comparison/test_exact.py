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


def run(candidate, baseline, *flops):
    """Arm `b` ran `candidate`, arm `a` ran `baseline`; `flops` are operations by kind of `a` and of `b`."""
    record = trained({"a": [], "b": []}, terms={"a": {}, "b": {}})
    for position, (arm, own) in enumerate((("a", baseline), ("b", candidate))):
        record.add(Slice(block=0, group=0, round=0, position=position, arm=arm, epochs=own))
    for arm, own in zip("ab", flops, strict=False):
        record.add(Work(block=0, group=0, arm=arm, flops=own))
    return record


def test_detects_one_extra_trace_among_any_number():
    baseline = epochs([STEP], *[[]] * 49)
    candidate = epochs([STEP], *[[]] * 30, [STEP], *[[]] * 18)
    assert exact(run(candidate, baseline), "b") == Exact(50, Pair(1, 2), Pair(0, 1), {})
    assert not exact(run(candidate, baseline), "b").traces.same
    assert exact(run(baseline, baseline), "b").traces.same


def test_compares_traces_over_common_epochs_only():
    baseline = epochs([STEP], [], [SCORE], indices=[0, 1, 2])
    candidate = epochs([STEP], [], [SCORE, STEP], indices=[0, 1, 9])
    assert exact(run(candidate, baseline), "b") == Exact(2, Pair(1, 1), Pair(0, 0), {})
    assert exact(run(epochs([], indices=[5]), baseline), "b") is None


def test_baseline_has_no_comparison():
    assert exact(run(epochs([STEP]), epochs([STEP])), "a") is None


def test_compares_operations_of_kinds_counted_in_both():
    found = exact(run(epochs([]), epochs([]), {"data": 1e6, "full": 9e9}, {"full": 1e9, "ramp": 1.0}), "b")
    assert found.flops == {"full": Pair(9e9, 1e9)}
    assert exact(run(epochs([]), epochs([]), {"full": 1e9}), "b").flops == {}


@pytest.mark.parametrize("unseen", [("a",), ("b",), ("a", "b")])
def test_unobserved_traces_are_neither_zero_nor_equal(unseen):
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
def test_retrace_is_a_repeated_trace_of_the_same_code(traces):
    seen = [trace for place, trace in enumerate(traces) if trace in traces[:place]]
    assert retraces(traces) == len(seen)


@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(0, 3), max_size=6))
def test_common_prefix_ends_where_indices_differ(candidate, baseline):
    record = run(epochs(*[[]] * len(candidate), indices=candidate), epochs(*[[]] * len(baseline), indices=baseline))
    (pairs,) = common_prefixes(record, "b")
    assert [own.index for own, _ in pairs] == [other.index for _, other in pairs] == candidate[: len(pairs)]
    assert candidate[: len(pairs) + 1] != baseline[: len(pairs) + 1] or len(pairs) in (len(candidate), len(baseline))
