"""Random numbers depend on the seed only, not on the process, how it was started or draws during imports."""

import json
import subprocess
import sys
from textwrap import dedent

import pytest


def drawn(seed, code, prepare="seeding.seed_as_imported(seed)"):
    """What `code` appends to `found`, in a separate process."""
    lines = ["import json", "from harness.worker import seeding", f"seed, found = {seed}, []", prepare, dedent(code)]
    code = "\n".join([*lines, "print(json.dumps(found))"])
    child = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return json.loads(child.stdout.splitlines()[-1])


EVERYTHING = """
import random, numpy
found += [random.random(), float(numpy.random.rand())]
import tensorflow as tf
found += [float(tf.random.uniform(()))]
"""
SESSIONS = """
import tensorflow.compat.v1 as tf

def run(graph):
    with graph.as_default(), tf.Session(graph=graph) as session:
        weights = tf.get_variable("weights", ())
        both = [tf.random_uniform(()), tf.random_normal(())]
        session.run(tf.global_variables_initializer())
        return [float(value) for value in session.run([*both, weights])]

found += [run(tf.Graph())]
tf.disable_eager_execution()
found += [run(tf.get_default_graph())]
tf.reset_default_graph()
found += [run(tf.get_default_graph())]
tf.reset_default_graph()
tf.set_random_seed(99)
found += [run(tf.get_default_graph())]
"""


@pytest.mark.parametrize("code", [EVERYTHING, SESSIONS], ids=["each framework", "sessions"])
def test_every_random_draw_follows_the_seed(code):
    first, again, other = (drawn(seed, code) for seed in (1, 1, 2**32 + 2))
    assert first == again
    assert first != other
    if code is EVERYTHING:
        assert all(one != another for one, another in zip(first, other, strict=True))
    else:
        assert first[0] == first[1] == first[2] != first[3]
        assert first[3] == other[3], "a program's own seed goes before"


def test_seeding_again_restarts_all_generators():
    repeat = f"once = {EVERYTHING!r}; exec(once); seeding.seed_again(seed); exec(once)"
    found = drawn(5, repeat)
    assert found[: len(found) // 2] == found[len(found) // 2 :]


def test_reports_which_generators_were_seeded_with_what():
    code = "found += [seeding.seeded(seed)]; import numpy; found += [seeding.seeded(seed)]"
    assert drawn(2**32 + 7, code) == [{"random": str(2**32 + 7)}, {"random": str(2**32 + 7), "numpy": "7"}]
