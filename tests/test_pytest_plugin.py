"""The fixture `harness_gate` in the tests of a project, run by a separate pytest."""

import os
import signal
import sys
import time
from contextlib import contextmanager

from repositories import SOURCE
from running import gone, start

TESTS = """
import pytest

OPTIONS = {"epochs": 60, "blocks": 3}


def test_same(harness_gate):
    assert harness_gate.no_slower("loop.py:Same", than="loop.py:Loop", **OPTIONS)


def test_slower(harness_gate):
    assert harness_gate.no_slower("loop.py:Slower", than="loop.py:Loop", **OPTIONS)


def test_slower_is_allowed(harness_gate):
    answer = harness_gate.no_slower("loop.py:Slower", than="loop.py:Loop", tolerance=0.2, **OPTIONS)
    assert answer and "no slower" in repr(answer)


def test_unsure(harness_gate):
    assert harness_gate.no_slower("loop.py:Same", than="loop.py:Loop", epochs=60, blocks=2)


def test_fails(harness_gate):
    harness_gate.no_slower("loop.py:Fails", than="loop.py:Loop", **OPTIONS)


def test_itself(harness_gate):
    harness_gate.no_slower("loop.py:Loop", than="loop.py:Loop", **OPTIONS)


def test_misspelt(harness_gate):
    harness_gate.no_slower("loop.py:Same", than="loop.py:Loop", epocs=60)


def test_not_a_gates(harness_gate):
    harness_gate.no_slower("loop.py:Same", than="loop.py:Loop", evaluations=3)


def test_former_name(gate, harness_gate):
    assert gate is harness_gate
"""
VARIANTS = """

class Same(Loop):
    pass


class Slower(Loop):
    def epoch(self, index):
        self.now += 100_000
        return super().epoch(index)


class Fails(Loop):
    def epoch(self, index):
        raise ValueError("empty")
"""


LONG = """
import os
import pathlib
import time


class Long:
    def epoch(self, index):
        pathlib.Path(f"{os.getpid()}.pid").touch()
        time.sleep(0.05)
        return {"loss": 1.0}


class Longer(Long):
    pass
"""
INTERRUPTED = """
def test_long(harness_gate):
    harness_gate.no_slower("loop.py:Longer", than="loop.py:Long", budget=None)


def test_after():
    pass
"""


@contextmanager
def run_of(folder, variants, tests):
    """A pytest of these tests, under way in `folder`."""
    (folder / "loop.py").write_text(variants)
    (folder / "test_speed.py").write_text(tests)
    running = start(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "harness.pytest_plugin", "-p", "no:cacheprovider"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def test_a_test_passes_fails_or_is_skipped_with_a_reason(tmp_path):
    with run_of(tmp_path, SOURCE + VARIANTS, TESTS) as running:
        output, errors = running.communicate()
    assert "5 failed, 3 passed, 1 skipped, 1 warning" in output, output + errors
    assert "Slower is slower than Loop (+10 %); 3 % is allowed" in output
    assert "Same: total time is unsure: it needs 3 blocks" in output
    assert "VariantFailed: Fails failed in epoch 0: ValueError: empty" in output
    assert "cannot be compared with itself" in output
    assert "BadInput: no_slower() has no option 'epocs': did you mean 'epochs'?" in output
    assert "BadInput: no_slower() has no option 'evaluations': choose from case, scale, epochs, blocks, " in output
    assert "DeprecationWarning: the fixture `gate` is called `harness_gate` now" in output


def test_ctrl_c_ends_the_tests_and_all_arms(tmp_path):
    with run_of(tmp_path, LONG, INTERRUPTED) as running:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.glob("*.pid"))) < 3 and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        arms = [int(file.stem) for file in tmp_path.glob("*.pid")]
        assert len(arms) == 3
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=60)
    assert "KeyboardInterrupt" in output, output + errors
    assert "passed" not in output
    assert running.returncode == 2
    assert gone(arms)


PROGRAM = """
import sys
from harness.worker.probes import clock

now = 0
clock.perf_counter_ns = lambda: now


class Loss(float):
    def backward(self):
        pass


for epoch in range(200):
    now += int(sys.argv[1])
    loss = Loss(1.0)
    loss.backward()
"""
OF_COMMANDS = """
OPTIONS = {"epochs": 60, "blocks": 3}


def test_no_slower(harness_gate):
    assert harness_gate.no_slower("loop.py 1000000", than="loop.py 1100000", **OPTIONS)


def test_slower(harness_gate):
    answer = harness_gate.no_slower("loop.py 1100000", than="loop.py 1000000", **OPTIONS)
    assert not answer and "1100000 is slower than 1000000 (+10 %)" in repr(answer)
"""


def test_commands_are_compared(tmp_path):
    with run_of(tmp_path, PROGRAM, OF_COMMANDS) as running:
        output, errors = running.communicate()
    assert "2 passed" in output, output + errors
