import resource
import subprocess
import sys
from textwrap import dedent

import pytest

from harness.worker.probes import memory


def in_a_fresh_process(code):
    """The numbers that `code` prints, run where nothing has used memory yet."""
    code = "from harness.worker.probes.memory import *\nfrom harness.probes import memory\n" + dedent(code)
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


def test_where_nothing_is_measured_the_answer_is_none_and_not_zero(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "STATUS", tmp_path / "none")
    monkeypatch.setattr(memory.resource, "getrusage", lambda who: resource.struct_rusage([0] * 16))
    assert memory.peak_rss_bytes() is None


def test_asking_for_tensors_loads_no_tensorflow():
    code = "print(peak_tensor_bytes()); import sys; print(int('tensorflow' in sys.modules))"
    assert in_a_fresh_process(code) == [None, 0]


def test_a_large_tensor_is_counted_even_after_it_is_freed():
    before, after, freed = in_a_fresh_process(
        """
        import tensorflow as tf
        print(peak_tensor_bytes() or 0)
        held = tf.fill((2_000_000,), 1.0)
        print(peak_tensor_bytes())
        del held
        print(peak_tensor_bytes())
        """
    )
    assert after >= before + 8_000_000
    assert after < before + 80_000_000
    assert freed == after


@pytest.mark.parametrize("refusal", [ValueError, AttributeError, RuntimeError])
def test_a_tensorflow_that_does_not_count_gives_none(monkeypatch, refusal):
    class Config:
        @property
        def experimental(self):
            raise refusal

    monkeypatch.setitem(sys.modules, "tensorflow", type("tensorflow", (), {"config": Config()}))
    assert memory.peak_tensor_bytes() is None
    assert memory.why_no_tensor_peak() == "TensorFlow's allocator does not count them, as where oneDNN is off"


def test_a_tensorflow_that_counted_nothing_gives_none(monkeypatch):
    class Experimental:
        def get_memory_info(self, device):
            return {"current": 0, "peak": 0}

    config = type("config", (), {"experimental": Experimental()})
    monkeypatch.setitem(sys.modules, "tensorflow", type("tensorflow", (), {"config": config}))
    assert memory.peak_tensor_bytes() is None
    assert memory.why_no_tensor_peak() == "TensorFlow's allocator counted none, as where no tensor has 256 KB"
