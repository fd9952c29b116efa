"""The probes of each pass of a profile, and joining evidence of the same name."""

import sys

import pytest

from harness.worker import passes
from harness.worker.passes import PASSES, Pass, get_pass
from harness.worker.probes.all_operations import AllOperations
from harness.worker.probes.base import Probe, joined
from harness.worker.probes.memory import MemoryProbe
from harness.worker.probes.phases import PhaseProbe
from harness.worker.probes.starts import StartProbe

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
        ("phases", [PhaseProbe, StartProbe]),
        ("memory", [PhaseProbe, MemoryProbe]),
        ("operations", [PhaseProbe, AllOperations]),
    ],
)
def test_phases_are_the_innermost_probe_in_every_pass(watch, kinds):
    found = get_pass(watch).make_probes()
    assert [type(one) for one in found] == kinds
    assert all(isinstance(one, Probe) for one in found)
    assert not set(map(id, found)) & set(map(id, get_pass(watch).make_probes())), "each order has its own"


def test_a_custom_probe_is_named_like_a_variant(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    (tmp_path / "mine.py").write_text(OWN)
    (probe,) = get_pass(f"{tmp_path / 'mine.py'}:Joules").make_probes()
    assert isinstance(probe, Probe)
    probe.begin(True)
    assert (probe.name, probe.end(2.0)) == ("joules", 7.0)


def test_a_new_pass_needs_one_entry(monkeypatch):
    monkeypatch.setitem(PASSES, "nothing", Pass(list))
    assert passes.get_pass("nothing").make_probes() == []


def test_joins_evidence_of_one_name_and_drops_empty_evidence():
    seen = [("traces", [1]), ("memory", None), ("traces", []), ("joules", 0.0), ("traces", [2, 3]), ("phases", [])]
    assert joined(seen) == {"traces": [1, 2, 3], "joules": 0.0}
    assert joined([]) == {}


def test_joining_does_not_modify_its_inputs():
    one = [1]
    assert joined([("traces", one), ("traces", [2])]) == {"traces": [1, 2]}
    assert one == [1]
