"""The peak memory of TensorFlow's tensors, by its own allocator."""

import json
import subprocess
import sys
from textwrap import dedent

import pytest

from harness.worker.probes.tensorflow.memory import TensorAllocator


def in_a_fresh_process(code):
    """The output of `code`, run in a fresh process."""
    head = """
        import json, sys
        from harness.worker.probes.tensorflow.memory import TensorAllocator
        allocator, told = TensorAllocator(), []
        """
    code = "\n".join([dedent(head), dedent(code), "print(json.dumps(told))"])
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return json.loads(child.stdout.splitlines()[-1])


def test_reading_tensor_memory_does_not_import_tensorflow():
    code = """
        allocator.forget_peak()
        told += [allocator.peak_bytes(), allocator.why_no_peak(), "tensorflow" in sys.modules]
        """
    assert in_a_fresh_process(code) == [None, "TensorFlow was not loaded", False]


def test_a_large_tensor_is_counted_even_after_it_is_freed_until_its_peak_is_forgotten():
    before, after, freed, why, forgotten = in_a_fresh_process(
        """
        import tensorflow as tf
        told += [allocator.peak_bytes() or 0]
        held = tf.fill((2_000_000,), 1.0)
        told += [allocator.peak_bytes()]
        del held
        told += [allocator.peak_bytes(), allocator.why_no_peak()]
        allocator.forget_peak()
        told += [allocator.peak_bytes() or 0]
        """
    )
    assert after >= before + 8_000_000
    assert after < before + 80_000_000
    assert freed == after
    assert why is None
    assert forgotten <= after - 8_000_000


@pytest.mark.parametrize("refusal", [ValueError, AttributeError, RuntimeError])
def test_a_tensorflow_that_does_not_count_gives_none(monkeypatch, refusal):
    class Config:
        @property
        def experimental(self):
            raise refusal

    monkeypatch.setitem(sys.modules, "tensorflow", type("tensorflow", (), {"config": Config()}))
    own = TensorAllocator()
    own.forget_peak()
    assert own.peak_bytes() is None
    assert own.why_no_peak() == "TensorFlow's allocator does not count them, for example because oneDNN is off"


def test_a_tensorflow_that_counted_nothing_gives_none(monkeypatch):
    class Experimental:
        def get_memory_info(self, device):
            return {"current": 0, "peak": 0}

    config = type("config", (), {"experimental": Experimental()})
    monkeypatch.setitem(sys.modules, "tensorflow", type("tensorflow", (), {"config": config}))
    assert TensorAllocator().peak_bytes() is None
    assert (
        TensorAllocator().why_no_peak()
        == "TensorFlow's allocator counted none: it counts only tensors of at least 256 KB"
    )
