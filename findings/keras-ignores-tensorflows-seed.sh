#!/usr/bin/env bash
# TensorFlow's seed does not seed the weights of Keras; Python's does.
#
# Versions: tensorflow 2.21.0, keras 3.15.0, numpy 2.4.6; beside them tf_keras 2.21.0, which is Keras 2.
#
# Behaviour: after `tf.random.set_seed(0)` alone, a Dense layer of Keras 3 starts from other weights in every process, and
# Dropout drops others, though TensorFlow does the drawing. A layer that is given no seed takes one from Python's global
# `random` when it is made. After `random.seed(0)` alone, weights and dropout repeat, but the order in which `fit` shuffles
# the examples does not: that follows TensorFlow's seed. Keras 2 divides it otherwise: its weights follow Python's
# generator too, its dropout TensorFlow's. `set_random_seed` of `keras.utils` sets all there are.
#
# Expected: where TensorFlow is the backend, TensorFlow's global seed decides what its layers draw.
#
# Why it matters: a training whose one line is `tf.random.set_seed(0)` looks repeatable and is not, and nothing says so:
# each run starts from other weights, and only the order of the examples is the same. And since making a layer takes a
# number from Python's generator, one layer more or less changes what the program's own `random` yields afterwards, and
# the weights of every layer behind it.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CUDA_VISIBLE_DEVICES=-1 TF_CPP_MIN_LOG_LEVEL=3 KERAS_BACKEND=tensorflow KERAS_HOME="$folder/keras"

cat >draw.py <<'PYTHON'
import json
import random
import sys

import keras
import numpy
import tensorflow as tf
import tf_keras

seeds = {"tf.random.set_seed": tf.random.set_seed, "random.seed": random.seed, "set_random_seed": None}
found = {}


def draw(library):
    weight = float(library.layers.Dense(1)(tf.ones((1, 1)))[0, 0])
    dropped = [int(value) for value in library.layers.Dropout(0.5)(tf.ones(32), training=True)]
    order = []

    class Model(library.Model):
        def __init__(self):
            super().__init__()
            self.dense = library.layers.Dense(1)

        def call(self, inputs):
            order.append(inputs.numpy().ravel().astype(int).tolist())
            return self.dense(inputs)

    model = Model()
    model.compile(optimizer="sgd", loss="mse", run_eagerly=True)
    model.fit(numpy.arange(32.0).reshape(32, 1), numpy.zeros((32, 1)), batch_size=32, verbose=0)
    return {"weights": weight, "dropout": dropped, "order": order[-1]}


library = {"keras": keras, "tf_keras": tf_keras}[sys.argv[1]]
(seeds[sys.argv[2]] or library.utils.set_random_seed)(0)
print(json.dumps(draw(library)))
PYTHON

cat >compare.py <<'PYTHON'
import json
import sys

expected = {
    ("keras", "tf.random.set_seed"): {"order"},
    ("keras", "random.seed"): {"weights", "dropout"},
    ("keras", "set_random_seed"): {"weights", "dropout", "order"},
    ("tf_keras", "tf.random.set_seed"): {"dropout", "order"},
    ("tf_keras", "random.seed"): {"weights"},
}
changed = []
for (library, seed), repeats in expected.items():
    first, second = (json.load(open(f"{library}-{seed}-{process}")) for process in (1, 2))
    seen = {what for what in first if first[what] == second[what]}
    words = ", ".join(f"{what} {'same' if what in seen else 'DIFFERENT'}" for what in first)
    print(f"{library:9}{seed + '(0)':23}{words} (weights {first['weights']:.5f} and {second['weights']:.5f})")
    if seen != repeats:
        changed.append(f"{library} after {seed}")
if changed:
    sys.exit(f"CHANGED: {', '.join(changed)}")
PYTHON

"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install -qq tensorflow==2.21.0 keras==3.15.0 tf_keras==2.21.0 numpy==2.4.6 ||
    { echo "could not install" >&2; exit 2; }
for process in 1 2; do
    for what in "keras tf.random.set_seed" "keras random.seed" "keras set_random_seed" \
        "tf_keras tf.random.set_seed" "tf_keras random.seed"; do
        # Two words, the library and what seeds it.
        # shellcheck disable=SC2086
        venv/bin/python -I draw.py $what >"${what/ /-}-$process" 2>errors || { cat errors >&2; exit 1; }
    done
done
venv/bin/python -I compare.py
