"""The freed memory that a process keeps, with and without returning it to the system."""

import json
import subprocess
import sys

import pytest

CHILD = """
import json, sys
from harness.worker.allocators import hand_back_memory
from harness.worker.probes.memory import rss_bytes

lacking = hand_back_memory() if sys.argv[1] == "exact" else None
if sys.argv[2] == "numpy":
    from numpy import ones
else:
    from tensorflow import ones
ones(250_000, "float32")  # freed at once, from which an allocator learns to keep such
kept = [ones(250_000, "float32") for _ in range(200)]
full = rss_bytes()
kept = kept[-1:]
print(json.dumps([full - rss_bytes(), lacking]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it is glibc's allocator")
@pytest.mark.parametrize("library", ["numpy", "tensorflow"])
def test_freed_memory_is_returned_at_once_on_request(library):
    freed = {}
    for how in ("exact", "usual"):
        child = subprocess.run([sys.executable, "-c", CHILD, how, library], check=True, capture_output=True, text=True)
        freed[how], lacking = json.loads(child.stdout.splitlines()[-1])
        assert lacking is None
    assert freed["exact"] == pytest.approx(199e6, rel=0.05)
    assert freed["usual"] < 20e6
