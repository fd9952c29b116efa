#!/usr/bin/env bash
# A seed set before a graph is made does not reach that graph.
#
# Versions: tensorflow 2.21.0, keras 3.15.0, numpy 2.4.6.
#
# Behaviour: without eager execution the seed belongs to the graph that is current when it is set. A graph that is made
# afterwards, with `tf.Graph()` or by `tf.compat.v1.reset_default_graph()`, has none, and its random operations draw
# other numbers in every process. With eager execution, `tf.random.set_seed` sets a seed for the whole process, and
# `tf.function` follows it; a `tf.Graph()` made afterwards still does not. Set inside the graph, the seed counts.
#
# Expected: what is called the global seed holds for all that the process draws afterwards, or there is a warning.
#
# Why it matters: programs in the manner of TensorFlow 1 often set the seed in their first lines and reset the default
# graph when they build a model, so they look seeded and are not. Two runs that are compared then start from different
# weights, and the difference between them counts as that of the change under test.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CUDA_VISIBLE_DEVICES=-1 TF_CPP_MIN_LOG_LEVEL=3 KERAS_BACKEND=tensorflow KERAS_HOME="$folder/keras"

cat >draw.py <<'PYTHON'
import json

import tensorflow as tf

v1 = tf.compat.v1


def drawn(graph, tensor):
    with v1.Session(graph=graph) as session:
        return float(session.run(tensor))


def in_new_graph(seed_inside):
    with tf.Graph().as_default() as graph:
        if seed_inside:
            tf.random.set_seed(0)
        tensor = tf.random.normal([])
    return drawn(graph, tensor)


def in_default_graph():
    tensor = tf.random.normal([])
    return drawn(v1.get_default_graph(), tensor)


found = {}
tf.random.set_seed(0)
found["eager: set_seed, then tf.function"] = float(tf.function(lambda: tf.random.normal([]))())
tf.random.set_seed(0)
found["eager: set_seed, then tf.Graph()"] = in_new_graph(seed_inside=False)
found["eager: set_seed inside tf.Graph()"] = in_new_graph(seed_inside=True)
v1.disable_eager_execution()
v1.set_random_seed(0)
v1.reset_default_graph()
found["graphs: set_random_seed, then reset_default_graph"] = in_default_graph()
v1.reset_default_graph()
tf.random.set_seed(0)
v1.reset_default_graph()
found["graphs: set_seed, then reset_default_graph"] = in_default_graph()
v1.reset_default_graph()
v1.set_random_seed(0)
found["graphs: reset_default_graph, then set_random_seed"] = in_default_graph()
print(json.dumps(found))
PYTHON

cat >compare.py <<'PYTHON'
import json
import sys

first, second = (json.load(open(name)) for name in ("first", "second"))
unseeded = {
    "eager: set_seed, then tf.Graph()",
    "graphs: set_random_seed, then reset_default_graph",
    "graphs: set_seed, then reset_default_graph",
}
print(f"{'drawn by two processes':52}{'first':>10}{'second':>10}")
for what in first:
    print(f"{what:52}{first[what]:10.5f}{second[what]:10.5f}  {'same' if first[what] == second[what] else 'DIFFERENT'}")
if {what for what in first if first[what] != second[what]} != unseeded:
    sys.exit("CHANGED: expected just the graphs that were made after the seed was set to differ")
PYTHON

"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install -qq tensorflow==2.21.0 keras==3.15.0 numpy==2.4.6 || { echo "could not install" >&2; exit 2; }
for process in first second; do
    venv/bin/python -I draw.py >"$process" 2>errors || { cat errors >&2; exit 1; }
done
venv/bin/python -I compare.py
