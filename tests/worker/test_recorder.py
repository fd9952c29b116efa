"""Losses that may still be computed when an epoch ends, with arrays that say when they are read."""

from contextlib import nullcontext
from types import MappingProxyType

import drawn
import pytest

from harness.worker import frameworks, passes
from harness.worker.probes.operations import Operation
from harness.worker.probes.spent import share_out
from harness.worker.recorder import Recorder
from harness.worker.wire.evidence import COUNTING, Timed
from harness.worker.wire.messages import Build, Counted, Run
from harness.worker.wire.reasons import Misbehaved


class Lazy:
    """An array of one element that is computed when it is read."""

    def __init__(self, value, read):
        self._value, self._read = value, read

    def item(self):
        self._read.append(self._value)
        return self._value


@pytest.fixture
def recorder(tmp_path, monkeypatch):
    monkeypatch.setattr(frameworks, "defer", lambda value: value if isinstance(value, Lazy) else None)
    order = Build(variant="", case=None, scale=None, seed=0, cores=[0], journal=str(tmp_path / "journal"))
    return Recorder(order, [])


def run(recorder, index, losses, kind="epoch"):
    recorder.begin(index, kind)
    recorder.end(losses, defers=True)


def test_losses_that_may_still_be_computed_are_read_when_the_slice_ends(recorder):
    read = []
    recorder.open(Run([0, 1, 2]))
    run(recorder, 0, {"loss": 0.5})
    for index, value in ((1, 0.25), (2, 0.125)):
        run(recorder, index, {"first": Lazy(value, read), "other": 1.0})
    assert read == []
    assert [epoch.losses for epoch in recorder.close()] == [
        {"loss": 0.5},
        {"first": 0.25, "other": 1.0},
        {"first": 0.125, "other": 1.0},
    ]
    assert read == [0.25, 0.125]


def test_they_are_read_when_settling_is_over_and_where_the_kind_changes(recorder):
    read = []
    recorder.open(Run([0]))
    run(recorder, 0, {"loss": 1.0})
    recorder.open(Run([1, 2, 3, 4], settling=2))
    run(recorder, 1, {"loss": Lazy(0.5, read)})
    run(recorder, 2, {"loss": Lazy(0.25, read)})
    assert read == [0.5, 0.25]
    run(recorder, 3, {"loss": Lazy(0.125, read)})
    recorder.begin(4, "other")
    assert read == [0.5, 0.25, 0.125]


def test_one_that_is_not_finite_is_reported_with_its_epoch(recorder):
    recorder.open(Run([0]))
    run(recorder, 0, {"loss": 1.0})
    recorder.open(Run([1, 2, 3]))
    run(recorder, 1, {"loss": Lazy(0.5, [])})
    run(recorder, 2, {"loss": Lazy(float("nan"), [])})
    with pytest.raises(Misbehaved, match="its loss 'loss' was nan in epoch 2 "):
        recorder.begin(3, "other")


def test_what_a_cancelled_epoch_began_ends_with_it(recorder, monkeypatch):
    ended = []

    class Profiler:
        name = "own"
        unavailable = MappingProxyType({})

        def begin(self, fresh):
            ended.append(False)

        def end(self, wall):
            ended[-1] = True
            if len(ended) == 1:
                raise ValueError("nothing to read")
            return wall

    monkeypatch.setattr(passes, "get_pass", lambda watch: passes.Pass(lambda: [Profiler()]))
    recorder.open(Run([0], watch="own"))
    recorder.begin(0, "epoch")
    recorder.cancel()
    assert ended == [True]
    run(recorder, 0, {"loss": 1.0})
    assert ended == [True, True]
    assert list(recorder.close()[0].evidence) == ["own"]


class Counter:
    """Stands for a framework in which one operation ran in an epoch."""

    disturbs, ran = False, {}
    timed = {"epoch": [share_out([(Operation("MatMul", "", "pool", 0.0, 1e-3), ())], 2e-3)]}  # noqa: RUF012

    def is_used(self):
        return True

    def watching(self, kind, apart):
        return nullcontext()

    def count(self, rate):
        return Counted({"epoch": 2.0}, None, None, parts={"epoch": {"": 2.0}}, timed={"epoch": Timed(2e-3, 1e-3)})


def count(recorder, file, watch=COUNTING):
    recorder.counters = [Counter()]
    recorder.open(Run([0], note_calls=True, watch=watch, timeline=str(file)))
    run(recorder, 0, {"loss": 1.0})
    recorder.close()
    return recorder.count(rate=False)


def test_the_pass_for_counting_draws_lines_when_they_are_known(recorder, tmp_path):
    assert count(recorder, tmp_path / "lines.json").timed
    tracks = drawn.read(tmp_path / "lines.json")
    assert [one.name for one in tracks["lines of the program", "pool", 2]] == ["(not attributed)", "MatMul"]


def test_lines_that_cannot_be_drawn_do_not_cost_what_was_counted(recorder, tmp_path, monkeypatch):
    assert count(recorder, tmp_path / "missing" / "lines.json").timed
    monkeypatch.setattr(Counter, "timed", {"epoch": [None]})
    assert count(recorder, tmp_path / "lines.json").timed
    assert list(tmp_path.glob("lines*")) == []


def test_a_slice_of_training_draws_no_lines(recorder, tmp_path):
    assert count(recorder, tmp_path / "lines.json", watch=None).timed
    assert "lines of the program" not in {process for process, *_ in drawn.read(tmp_path / "lines.json")}


def test_samples_that_cannot_be_read_do_not_cost_what_was_counted(recorder, tmp_path, monkeypatch):
    def fail(ran):
        raise TypeError("no line")

    monkeypatch.setattr(recorder.sampler, "between", fail)
    found = count(recorder, tmp_path / "lines.json")
    assert (found.flops, found.between) == ({"epoch": 2.0}, {})
