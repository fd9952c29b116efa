import pytest
from epochs import epoch_of
from simulated import DATA, record

from harness.analysis.profile.charges import Charge
from harness.analysis.profile.tracings import Compiled, Traced, by_cause, by_function, of_one_block
from harness.record.schema import Slice
from harness.worker.wire.evidence import Cause, Compilation, Trace

FIRST = Cause("first", "its first tracing")


def epoch(index, wall=0.1, **seen):
    return epoch_of(index, DATA, wall, wall, {}, **seen)


def shape(rows):
    return Cause("shape", f"argument x: shape ({rows},) -> ({rows + 1},)", "pad it")


def test_groups_traces_by_function_and_cause_kind_sorted_by_cost():
    opening = [Trace("step", "x.py:3", 0.5, FIRST, "step"), Trace("inner", "x.py:9", None, None)]
    again = [Trace("step", "x.py:3", 0.4, shape(rows), phase) for rows, phase in ((2, "step"), (3, ""), (4, "step"))]
    epochs = [epoch(0, traces=[*opening, again[0]], first=True), epoch(1), epoch(5, 1.0, traces=again[1:])]
    assert by_cause(epochs) == [
        Traced(
            function="step",
            where="x.py:3",
            cause=shape(2),
            times=3,
            seconds=0.4 + 0.4 + 0.4,
            epochs=(0, 5),
            again=1,
            phases=("step", ""),
            charge=Charge(0.9, 0.9),
        ),
        Traced(
            function="step", where="x.py:3", cause=FIRST, times=1, seconds=0.5, epochs=(0,), again=0, phases=("step",)
        ),
        Traced(function="inner", where="x.py:9", cause=None, times=1, seconds=None, epochs=(0,), again=0),
    ]
    assert by_cause([]) == []


def test_groups_compilations_by_function_and_separates_those_without_a_trace():
    first = [Compilation("step", "x.py:3", 0.25, compiler="XLA"), Compilation("_f", "?", 1.0)]
    epochs = [
        epoch(0, compilations=first, first=True),
        epoch(7, 0.8, compilations=[Compilation("step", "x.py:3", 0.5, recompiled=True)]),
    ]
    assert by_function(epochs, {DATA: 0.2}) == [
        Compiled(function="_f", where="?", times=1, silent=0, seconds=1.0, epochs=(0,), again=0),
        Compiled(
            function="step",
            where="x.py:3",
            times=2,
            silent=1,
            seconds=0.75,
            epochs=(0, 7),
            again=1,
            charge=Charge(0.5, pytest.approx(0.6), (DATA,)),
            compiler="XLA",
        ),
    ]


def test_counts_one_complete_block():
    run = record({"a": {DATA: 1.0}})
    run.slices.clear()
    one, other = (epoch_of(index, DATA, 0.1, 0.1, {}) for index in (5, 6))
    for block in (0, 1):
        run.add(Slice(block=block, group=0, round=1, position=0, arm="a", epochs=[one]))
    assert of_one_block(run, "a") == [one]
    run.ends[:] = [end for end in run.ends if end.block]
    run.slices.append(Slice(block=1, group=0, round=2, position=0, arm="a", epochs=[other]))
    assert of_one_block(run, "a") == [one, other]
    assert of_one_block(run, "nobody") is None
