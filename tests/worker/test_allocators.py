"""What memory a process keeps that it has freed, with and without being told to hand it back."""

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
def test_what_is_freed_is_handed_back_at_once_where_that_is_asked(library):
    freed = {}
    for how in ("exact", "usual"):
        child = subprocess.run([sys.executable, "-c", CHILD, how, library], check=True, capture_output=True, text=True)
        freed[how], lacking = json.loads(child.stdout.splitlines()[-1])
        assert lacking is None
    assert freed["exact"] == pytest.approx(199e6, rel=0.05)
    assert freed["usual"] < 20e6
