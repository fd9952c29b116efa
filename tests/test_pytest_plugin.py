"""The fixture `gate` in a project's own tests, run by a pytest of their own."""

import os
import subprocess
import sys

from repositories import SOURCE

TESTS = """
import pytest

OPTIONS = {"epochs": 60, "blocks": 3}


def test_same(gate):
    assert gate.no_slower("loop.py:Same", than="loop.py:Loop", **OPTIONS)


def test_slower(gate):
    assert gate.no_slower("loop.py:Slower", than="loop.py:Loop", **OPTIONS)


def test_slower_is_allowed(gate):
    answer = gate.no_slower("loop.py:Slower", than="loop.py:Loop", tolerance=0.2, **OPTIONS)
    assert answer and "no slower" in repr(answer)


def test_unsure(gate):
    assert gate.no_slower("loop.py:Same", than="loop.py:Loop", epochs=60, blocks=2)


def test_fails(gate):
    gate.no_slower("loop.py:Fails", than="loop.py:Loop", **OPTIONS)


def test_itself(gate):
    gate.no_slower("loop.py:Loop", than="loop.py:Loop", **OPTIONS)
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


def test_a_test_passes_fails_or_is_skipped_with_a_reason(tmp_path):
    (tmp_path / "loop.py").write_text(SOURCE + VARIANTS)
    (tmp_path / "test_speed.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "harness.pytest_plugin", "-p", "no:cacheprovider"],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    said = done.stdout
    assert "3 failed, 2 passed, 1 skipped" in said, said + done.stderr
    assert "Slower is slower than Loop (+10 %); 3 % is allowed" in said
    assert "Same: total time is unsure: it takes 3 blocks to tell" in said
    assert "VariantFailed: Fails failed in epoch 0: ValueError: empty" in said
    assert "is to be held against another variant" in said
