from epochs import epoch_of

from harness.analysis.profile.tracings import by_cause
from harness.analysis.profile.uncompiled import Broken, GivenUp, Uncaptured, broken, given_up, uncaptured
from harness.worker.wire.evidence import AFTER_BREAK, Capture, Cause, Limit, Trace

FIRST = Cause("first", "its first tracing")


def epochs(*evidence):
    found = [epoch_of(index, "epoch", 1.0, 1.0, {}, first=not index) for index in range(len(evidence))]
    for epoch, own in zip(found, evidence, strict=True):
        epoch.evidence.update(own)
    return found


def test_graph_breaks_of_a_function_are_listed_by_line():
    names = ["step", "step after a graph break at line 14", "step after a graph break at line 9", "other"]
    traces = [Trace(name, "train.py:8", 1.0, FIRST) for name in names]
    assert broken(by_cause(epochs({"traces": traces}))) == [Broken("step", ("train.py:14", "train.py:9"))]
    assert broken(by_cause(epochs({"traces": traces[:1]}))) == []


def test_what_is_given_up_counts_from_its_first_epoch():
    limit = Limit("step", "train.py:8", "recompile_limit = 8")
    assert given_up(epochs({}, {"limits": [limit]}, {"limits": [limit]})) == [GivenUp(limit, 1)]
    assert given_up(epochs({}, {})) == []


BREAK = Cause("break", "a call of print")
SKIPPED = Cause("skipped", "a break in a loop")
GRADIENT = Cause("skipped", "using `torch.autograd.grad`")


def traced(*captures, index=0):
    """One epoch in which functions were traced, given with what was captured of them."""
    traces = [Trace(name, "train.py:8", 1.0, capture=capture) for name, capture in captures]
    return epoch_of(index, "epoch", 1.0, 1.0, {}, traces=traces)


def names(*captures):
    return [one.function for one in uncaptured([traced(*captures)])]


def test_a_skipped_function_is_found_with_its_line_and_epochs():
    own = ("loss", Capture(None, SKIPPED, "train.py:11"))
    assert uncaptured([traced(own), traced(own, index=3)]) == [
        Uncaptured("loss", "train.py:8", SKIPPED, ("train.py:11",), 2, 2)
    ]


def test_a_function_with_nothing_but_breaks_is_found_with_their_lines():
    after = f"loss{AFTER_BREAK}9"
    (found,) = uncaptured([traced(("loss", Capture(0, BREAK)), (after, Capture(None)))])
    assert found == Uncaptured("loss", "train.py:8", BREAK, ("train.py:9",), 1, 1)


def test_what_has_nothing_to_capture_or_was_not_observed_is_left_out():
    assert names(("loss", Capture(0)), ("size", Capture(None)), ("old", None)) == []


def test_functions_that_are_captured_in_part_are_left_out():
    assert names(("loss", Capture(0, BREAK)), (f"loss{AFTER_BREAK}9", Capture(4))) == []
    assert names(("loss", Capture(0, BREAK)), ("inner", Capture(4))) == []
    assert names(("loss", Capture(None, SKIPPED)), ("loss", Capture(4))) == []


def test_what_a_captured_function_calls_may_be_skipped_unless_it_computes_a_gradient():
    captured = ("loss", Capture(4, BREAK))
    assert names(captured, ("report", Capture(None, SKIPPED))) == []
    assert names(captured, ("residual", Capture(None, GRADIENT))) == ["residual"]
    assert names(("loss", Capture(0, BREAK)), ("residual", Capture(None, SKIPPED))) == ["residual"]
