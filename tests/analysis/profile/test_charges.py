"""The time charged to tracing and compiling, on made-up epochs with a known answer."""

import pytest
from epochs import epoch_of
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.profile.charges import Charge, charges, compiled, together, traced
from harness.record.evidence import compilations, traces
from harness.worker.wire.evidence import Cause, Compilation, Trace

VALUE = Cause("value", "argument rate: Python value 0.1 -> 0.05", "pass a tensor")
SHAPE = Cause("shape", "argument x: shape (8,) -> (9,)", "pad it")
FIRST = Cause("first", "its first tracing")
VARIABLES = Cause("variables", "it creates variables, so its first call traces it twice")


def epoch(index, wall, *traces, compilations=(), first=False, kind="epoch"):
    return epoch_of(index, kind, wall, wall, {}, list(traces), first, compilations=list(compilations))


def step(seconds=0.2, cause=VALUE, name="step"):
    return Trace(name, f"{name}.py:3", seconds, cause)


def near(least, most=None, *unheld):
    return Charge(pytest.approx(least), pytest.approx(least if most is None else most), unheld)


def test_charges_a_tracing_epoch_with_its_excess_over_others():
    epochs = [epoch(index, 0.1) for index in range(9)] + [epoch(9, 1.1, step(0.2)), epoch(10, 0.9, step(0.2))]
    assert charges(epochs) == {traced(step()): near(1.0 + 0.8)}


def test_excess_is_over_the_median_of_the_nearest_epochs():
    """Epochs get slower as the training goes on, and one of them is slow for another reason."""
    epochs = [epoch(index, 0.1 if index < 100 else 0.5) for index in range(200)]
    epochs[190] = epoch(190, 9.0)
    epochs[195] = epoch(195, 1.5, step())
    assert charges(epochs) == {traced(step()): near(1.0)}


def test_traces_in_one_epoch_share_the_charge_by_duration():
    epochs = [epoch(0, 0.1), epoch(1, 0.9, step(0.1), step(0.3, SHAPE, "inner"))]
    assert charges(epochs) == {traced(step()): near(0.2), traced(step(0, SHAPE, "inner")): near(0.6)}


def test_untimed_traces_share_the_charge_equally():
    epochs = [epoch(0, 0.1), epoch(1, 0.9, step(None), step(None), step(None, SHAPE), step(None, SHAPE))]
    assert charges(epochs) == {traced(step()): near(0.4), traced(step(0, SHAPE)): near(0.4)}


def test_second_trace_creating_variables_is_charged_to_the_first():
    own = [step(0.2, SHAPE), step(0.1, VARIABLES), Trace("initialize", "tensorflow.py:1", 0.1, VARIABLES)]
    epochs = [epoch(0, 0.1), epoch(1, 0.9, *own), epoch(2, 0.9, *own, step(0.4, VALUE, "other"))]
    found = charges(epochs)
    shape = 0.8 + 0.8 * (0.2 + 0.1 + 0.1 * 0.2 / 0.6) / 0.8
    assert found == {traced(own[0]): near(shape), traced(step(0, VALUE, "other")): near(1.6 - shape)}


def test_trace_creating_variables_alone_has_its_own_charge():
    epochs = [epoch(0, 0.1), epoch(1, 0.9, step(0.2, VARIABLES))]
    assert charges(epochs) == {traced(step(0, VARIABLES)): near(0.8)}


def test_compilation_is_charged_to_the_trace_that_caused_it():
    announced = Compilation("step", "step.py:3", 0.5)
    silent = Compilation("net", "net.py:9", 0.3, recompiled=True)
    epochs = [epoch(0, 0.1), epoch(1, 1.1, step(0.2), compilations=[announced, silent])]
    assert charges(epochs) == {traced(step()): near(0.7), compiled(silent): near(0.3)}
    assert charges([epochs[0], epoch(1, 0.6, compilations=[silent])]) == {compiled(silent): near(0.5)}


def test_first_epoch_of_a_kind_has_no_charge():
    epochs = [
        epoch(0, 9.0, step(1.0, FIRST), first=True),
        epoch(1, 0.1),
        epoch(2, 9.0, step(1.0), kind="b", first=True),
    ]
    assert charges(epochs) == {}


def test_charge_has_bounds_if_every_epoch_traced():
    epochs = [epoch(index, 1.0, step(0.3)) for index in range(5)]
    event = traced(step())
    assert charges(epochs)[event] == Charge(pytest.approx(1.5), None, ("epoch",))
    assert charges(epochs, {"epoch": 0.1})[event] == near(1.5, 4.5, "epoch")
    assert charges(epochs, {"epoch": 0.9})[event] == near(1.5, 1.5, "epoch")
    others = [epoch(index, 0.1, kind="other") for index in range(5, 9)]
    assert charges([*epochs, *others], {"other": 0.1})[event].unheld == ("epoch",)


def test_compares_with_epochs_of_fewest_traces_if_every_epoch_traced():
    epochs = [epoch(index, 1.0, step(0.3)) for index in range(4)] + [epoch(4, 1.9, step(0.3), step(0.2))]
    assert charges(epochs)[traced(step())].seconds == pytest.approx(4 * 0.3 + 1.9 - 1.0 + 0.3)


def test_charges_add_up():
    one, other = Charge(1.0, 2.0, ("a",)), Charge(3.0, 3.0)
    assert together([one, other]) == Charge(4.0, 5.0, ("a",))
    assert together([one, Charge(1.0, None, ("b",))]) == Charge(2.0, None, ("a", "b"))


SECONDS = st.floats(0, 3, allow_subnormal=False)
"""Sums of numbers that are all but 0 lose what they are."""
TRACES = st.builds(
    step, st.none() | SECONDS, st.sampled_from([VALUE, SHAPE, FIRST, VARIABLES, None]), st.sampled_from("fgh")
)
COMPILATIONS = st.builds(Compilation, st.sampled_from("fgh"), st.just("f.py:3"), SECONDS, st.booleans())
EPOCHS = st.lists(
    st.tuples(
        st.floats(1e-3, 2),
        st.lists(TRACES, max_size=3),
        st.lists(COMPILATIONS, max_size=2),
        st.booleans(),
        st.sampled_from("ab"),
    ),
    max_size=12,
)


@given(EPOCHS, st.floats(0, 3))
def test_total_charge_never_exceeds_time_of_tracing_epochs(own, busy):
    epochs = [
        epoch(index, wall, *traced, compilations=compiled, first=first, kind=kind)
        for index, (wall, traced, compiled, first, kind) in enumerate(own)
    ]
    found = charges(epochs, {"a": busy, "b": busy})
    seen = [one for one in epochs if not one.first and (traces(one) or compilations(one))]
    whole = sum(one.wall for one in seen)
    least = sum(charge.seconds for charge in found.values())
    assert least <= whole * (1 + 1e-9)
    assert least <= sum(charge.most for charge in found.values()) * (1 + 1e-9) <= whole * (1 + 1e-9) ** 2
    spent = sum(
        min(one.wall, sum(t.seconds or 0 for t in traces(one)) + sum(c.seconds for c in compilations(one)))
        for one in seen
    )
    assert least >= spent * (1 - 1e-9)
