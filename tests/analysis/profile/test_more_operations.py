import pytest
from epochs import epoch_of
from simulated import DATA

from harness.analysis.profile import more_operations
from harness.analysis.profile.more_operations import Rise, find_rise, rises
from harness.worker.wire.evidence import OPERATIONS, OperationsUse, OperationUse, Trace


def test_a_steady_rise_is_found():
    expected = Rise(per_epoch=12.0, first=1, last=5, first_count=310, last_count=358)
    assert find_rise([(index, 298 + 12 * index) for index in range(1, 6)]) == expected


def test_epochs_that_are_apart_have_the_same_rise():
    found = find_rise([(index, 298 + 12 * index) for index in (1, 2, 40, 41, 90)])
    assert found is not None
    assert found.per_epoch == pytest.approx(12.0)


@pytest.mark.parametrize(
    "counts",
    [
        [300, 300, 300, 300, 300],
        [300, 312, 324],  # too few
        [300, 312, 312, 324, 336],  # stands still
        [300, 312, 324, 336, 300],  # falls back
        [300, 301, 302, 400, 401],  # a leap, such as a refinement
        [100_000, 100_001, 100_002, 100_003, 100_004],  # too little to matter
    ],
)
def test_what_is_no_steady_rise_is_left_out(counts):
    assert find_rise(list(enumerate(counts))) is None


def epochs(counts, sizes=lambda index: {}, steps=lambda index: 1, gradients=lambda index: 0, traces=lambda index: []):
    """Epochs with these numbers of operations, the first one first of its kind."""
    found = []
    for index, count in enumerate(counts):
        uses = [OperationUse("aten::mul", "", count, 0.1), OperationUse("AccumulateGrad", "", steps(index), 0.1)]
        uses.append(OperationUse("MulBackward0", "", gradients(index), 0.1))
        own = epoch_of(index, DATA, 0.1, 0.1, {}, first=index == 0, traces=traces(index))
        own.evidence[OPERATIONS] = OperationsUse(uses, 0.1)
        own.sizes.update(sizes(index))
        found.append(own)
    return found


def find(monkeypatch, *args, **more):
    monkeypatch.setattr(more_operations, "watched", lambda record, arm, probe: epochs(*args, **more))
    return rises(None, "a")


RISING = [100, 112, 124, 136, 148]


def test_the_first_epoch_is_left_out(monkeypatch):
    assert find(monkeypatch, RISING)[DATA].first == 1
    assert find(monkeypatch, RISING[:4]) == {}
    assert find(monkeypatch, [9000, *RISING])[DATA].per_epoch == pytest.approx(12.0)


def test_what_may_be_on_purpose_is_left_out(monkeypatch):
    assert find(monkeypatch, RISING, sizes=lambda index: {"points": 100 * index}) == {}
    assert find(monkeypatch, RISING, steps=lambda index: 3 + index) == {}
    assert find(monkeypatch, RISING, sizes=lambda index: {"points": 100}) != {}


def test_epochs_that_trace_are_left_out(monkeypatch):
    assert find(monkeypatch, RISING, traces=lambda index: [Trace("step", "x.py:3", 1.0)]) == {}


def test_a_graph_that_grows_has_more_gradients_and_a_history_that_grows_has_not(monkeypatch):
    assert find(monkeypatch, RISING, gradients=lambda index: 40 + 5 * index)[DATA].graph
    assert find(monkeypatch, RISING, gradients=lambda index: 40) == {}
    assert not find(monkeypatch, RISING)[DATA].graph  # another framework
