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


def test_tracings_are_told_by_function_and_sort_of_cause_the_costliest_first():
    opening = [Trace("step", "x.py:3", 0.5, FIRST, "step"), Trace("inner", "x.py:9", None, None)]
    again = [Trace("step", "x.py:3", 0.4, shape(rows), phase) for rows, phase in ((2, "step"), (3, ""), (4, "step"))]
    epochs = [epoch(0, traces=[*opening, again[0]], first=True), epoch(1), epoch(5, 1.0, traces=again[1:])]
    assert by_cause(epochs) == [
        Traced("step", "x.py:3", shape(2), 3, 0.4 + 0.4 + 0.4, (0, 5), 1, ("step", ""), Charge(0.9, 0.9)),
        Traced("step", "x.py:3", FIRST, 1, 0.5, (0,), 0, ("step",)),
        Traced("inner", "x.py:9", None, 1, None, (0,), 0),
    ]
    assert by_cause([]) == []


def test_compilations_are_told_by_function_and_those_that_nothing_announced_apart():
    first = [Compilation("step", "x.py:3", 0.25, compiler="XLA"), Compilation("_f", "?", 1.0)]
    epochs = [
        epoch(0, compilations=first, first=True),
        epoch(7, 0.8, compilations=[Compilation("step", "x.py:3", 0.5, recompiled=True)]),
    ]
    assert by_function(epochs, {DATA: 0.2}) == [
        Compiled("_f", "?", 1, 0, 1.0, (0,), 0),
        Compiled("step", "x.py:3", 2, 1, 0.75, (0, 7), 1, Charge(0.5, pytest.approx(0.6), (DATA,)), "XLA"),
    ]


def test_they_are_those_of_one_whole_block():
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
