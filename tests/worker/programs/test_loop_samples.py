"""In which loop gradients are computed of a program that runs as a whole."""

import gc
import weakref
from textwrap import dedent
from types import SimpleNamespace

from harness.worker.programs.loop_samples import SECONDS, LoopSamples

SOURCE = """
import time

def backward():
    time.sleep(0.01)

def load():
    for part in range(3):
        time.sleep(0.001)

def main(passes):
    load()
    for epoch in range(passes):
        backward()
"""


def execute(folder, source=SOURCE):
    path = folder / "train.py"
    path.write_text(dedent(source))
    names = {}
    exec(compile(path.read_bytes(), str(path), "exec"), names)
    return path, names


def test_the_loop_on_the_stack_is_named(tmp_path):
    path, names = execute(tmp_path)
    samples = LoopSamples()
    with samples:
        names["main"](int(20 * SECONDS / 0.01))
    assert samples.find_loop() == f"{path}:13"


def test_without_gradients_no_loop_is_named(tmp_path):
    _, names = execute(tmp_path)
    samples = LoopSamples()
    with samples:
        names["load"]()
    assert samples.find_loop() == ""


def test_a_frame_that_is_between_lines_counts_with_its_function(tmp_path):
    path, names = execute(tmp_path)
    samples = LoopSamples()
    code = names["main"].__code__
    inner = SimpleNamespace(f_code=names["backward"].__code__, f_lineno=None, f_back=None)
    inner.f_back = SimpleNamespace(f_code=code, f_lineno=14, f_back=None)
    samples._note(inner)
    assert samples.find_loop() == f"{path}:13"


def test_what_a_program_has_dropped_is_freed(tmp_path):
    class Tensor:
        pass

    samples = LoopSamples()

    def use():
        found = Tensor()
        end = samples._over.wait(2 * SECONDS)  # long enough to be seen
        assert not end
        return weakref.ref(found)

    with samples:
        kept = use()
        samples._over.wait(SECONDS / 4)
        gc.collect()
        assert kept() is None
