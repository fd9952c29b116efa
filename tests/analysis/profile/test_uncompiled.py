from epochs import epoch_of

from harness.analysis.profile.tracings import by_cause
from harness.analysis.profile.uncompiled import Broken, GivenUp, broken, given_up
from harness.worker.wire.evidence import Cause, Limit, Trace

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
