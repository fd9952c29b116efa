"""By what the passes of a profile watch, and what comes of evidence under one name."""

import sys

import pytest

from harness.worker import passes
from harness.worker.passes import PASSES, probes_of
from harness.worker.probes.base import Probe, joined
from harness.worker.probes.memory import MemoryProbe
from harness.worker.probes.phases import PhaseProbe
from harness.worker.probes.tensorflow.operations import OperationProbe

OWN = """
class Joules:
    name = "joules"
    unavailable = {}

    def begin(self, fresh):
        self.fresh = fresh

    def end(self, wall):
        return 3.5 * wall
"""


@pytest.mark.parametrize(
    ("watch", "kinds"),
    [
        ("phases", [PhaseProbe]),
        ("memory", [PhaseProbe, MemoryProbe]),
        ("operations", [PhaseProbe, OperationProbe]),
    ],
)
def test_phases_are_the_closest_to_the_epoch_in_every_pass(watch, kinds):
    found = probes_of(watch)
    assert [type(one) for one in found] == kinds
    assert all(isinstance(one, Probe) for one in found)
    assert not set(map(id, found)) & set(map(id, probes_of(watch))), "each order has its own"


def test_a_probe_of_ones_own_is_named_as_a_variant_is(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    (tmp_path / "mine.py").write_text(OWN)
    (probe,) = probes_of(f"{tmp_path / 'mine.py'}:Joules")
    assert isinstance(probe, Probe)
    probe.begin(True)
    assert (probe.name, probe.end(2.0)) == ("joules", 7.0)


def test_a_new_pass_is_a_line_in_the_list(monkeypatch):
    monkeypatch.setitem(PASSES, "nothing", list)
    assert passes.probes_of("nothing") == []


def test_evidence_under_one_name_becomes_one_and_what_is_empty_is_none():
    seen = [("traces", [1]), ("memory", None), ("traces", []), ("joules", 0.0), ("traces", [2, 3]), ("phases", [])]
    assert joined(seen) == {"traces": [1, 2, 3], "joules": 0.0}
    assert joined([]) == {}


def test_joining_leaves_what_each_probe_said_as_it_was():
    one = [1]
    assert joined([("traces", one), ("traces", [2])]) == {"traces": [1, 2]}
    assert one == [1]
