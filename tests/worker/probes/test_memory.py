import resource
import subprocess
import sys
from textwrap import dedent

import pytest

from harness import phase
from harness.worker.probes import memory
from harness.worker.probes.memory import MemoryProbe, PeakGauge
from harness.worker.probes.phases import PhaseProbe


def in_a_fresh_process(code):
    """The numbers that `code` prints in a fresh process."""
    code = "from harness.worker.probes import memory\nfrom harness.worker.probes.memory import *\n" + dedent(code)
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return [None if word == "None" else int(word) for word in child.stdout.split()]


BUFFER = 200_000_000


@pytest.mark.parametrize("status", ["memory.STATUS", "memory.Path('/nowhere')", "memory.Path('/dev/null')"])
def test_the_peak_counts_what_was_touched_and_remembers_it_when_it_is_freed(status):
    before, at_peak, after = in_a_fresh_process(
        f"""
        memory.STATUS = {status}
        print(peak_rss_bytes())
        touched = b"x" * {BUFFER}
        print(peak_rss_bytes())
        del touched
        print(peak_rss_bytes())
        """
    )
    # What is read where /proc is not may be inherited from the parent, so it need not grow.
    assert 1_000_000 < before <= at_peak
    assert BUFFER <= at_peak <= after + 1_000_000  # the kernel counts in batches


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere ru_maxrss is all there is")
def test_on_linux_a_child_does_not_inherit_its_parents_peak():
    inherited, own = in_a_fresh_process(
        f"""
        import os
        touched = bytearray(b"x") * {BUFFER}
        code = "import resource; from harness.worker.probes.memory import peak_rss_bytes; " \\
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, peak_rss_bytes())"
        if os.fork() == 0:
            os.execv({sys.executable!r}, ["python", "-c", code])
        os.wait()
        """
    )
    assert own < BUFFER <= inherited


@pytest.mark.parametrize(("platform", "unit"), [("darwin", 1), ("freebsd", 1024)])
def test_without_proc_the_unit_of_ru_maxrss_is_the_systems(monkeypatch, tmp_path, platform, unit):
    monkeypatch.setattr(memory, "STATUS", tmp_path / "none")
    monkeypatch.setattr(memory.sys, "platform", platform)
    peak = memory.peak_rss_bytes()
    assert peak <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    assert peak % unit == 0


def test_unmeasured_peak_is_none_not_zero(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "STATUS", tmp_path / "none")
    monkeypatch.setattr(memory.resource, "getrusage", lambda who: resource.struct_rusage([0] * 16))
    assert memory.peak_rss_bytes() is None


# What a pass of a profile sees of an epoch


class Allocator:
    """An allocator with settable contents."""

    def __init__(self, peak=None):
        self.peak = peak

    def forget_peak(self):
        self.peak = None

    def peak_bytes(self):
        return self.peak

    def why_no_peak(self):
        return None if self.peak else "nothing was counted"


def test_the_peak_of_tensors_is_the_most_that_any_allocator_held_at_once():
    assert memory.peak_tensor_bytes([Allocator(3), Allocator(), Allocator(5)]) == 5
    assert memory.peak_tensor_bytes([Allocator(), Allocator()]) is None
    assert memory.peak_tensor_bytes([]) is None


class Gauge:
    """Simulated peak resident memory: the peak since it was last read."""

    unavailable = None

    def __init__(self, *peaks):
        self.peaks = list(peaks)

    def __call__(self):
        return self.peaks.pop(0)


def test_an_epochs_peaks_are_its_own():
    gauge, allocator = Gauge(900, 10, 20, 30), Allocator(700)
    phases = PhaseProbe(peak_since=gauge)
    probe = MemoryProbe(phases, gauge, [allocator])
    probe.begin(True)
    phases.begin(True)
    assert allocator.peak is None, "what was held before is none of it"
    with phase("refine"):
        allocator.peak = 40
    assert [use.peak_rss_bytes for use in phases.end(1.0)] == [30, 20]
    seen = probe.end(1.0)
    assert (seen.peak_rss, seen.peak_tensors) == (30, 40)
    assert seen.rss == pytest.approx(memory.rss_bytes(), rel=0.5)
    assert probe.unavailable == {}


def test_says_if_the_peak_cannot_be_reset_and_measures_the_rest(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "FORGET", tmp_path / "no such folder" / "clear_refs")
    gauge = PeakGauge()
    phases = PhaseProbe(peak_since=gauge)
    probe = MemoryProbe(phases, gauge, [Allocator()])
    probe.begin(True)
    phases.begin(True)
    phases.end(1.0)
    assert probe.unavailable == {
        "peak memory by phase": "the peak of resident memory cannot be reset here: No such file or directory"
    }
    seen = probe.end(1.0)
    assert (seen.peak_rss, seen.peak_tensors) == (None, None)
    assert seen.rss == pytest.approx(memory.rss_bytes(), rel=0.5)
