#!/usr/bin/env bash
# In a tf.function, the operations of a tape's gradient say by their names what they are the gradient of for some
# operations, and not for others.
#
# Version: tensorflow 2.21.0.
#
# Behaviour: the gradients of `x @ w` and `x * x` are named `gradient_tape/matmul/...` and `gradient_tape/mul/...`, after
# the operation. Those of `tf.square`, `tf.reduce_mean` and `tf.sin` are named `gradient_tape/Mul`, `gradient_tape/mul`,
# `gradient_tape/Tile` or the like: neither their names nor their Python stacks, which are all that of the call of
# `tape.gradient`, lead back to the operation or to its line.
#
# Expected: names that follow one rule, so that a profile by names can give a gradient to what it is the gradient of.
#
# Why it matters: TensorFlow's profiler tells names only. Of a loss with second derivatives, most operations are
# gradients, and a profile by lines or by scopes cannot place those of all elementwise functions. The names follow the
# name scope in which the operation was made, and only some functions, such as tf.matmul, open one of their own.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CUDA_VISIBLE_DEVICES= HOME="$folder" TF_CPP_MIN_LOG_LEVEL=3

cat >names.py <<'PYTHON'
import sys

import tensorflow as tf

weights = tf.Variable(tf.ones((2, 3)))
FUNCTIONS = {
    "x @ w": lambda x: x @ weights,
    "x * x": lambda x: x * x,
    "tf.square": tf.square,
    "tf.sin": tf.sin,
    "tf.reduce_mean": tf.reduce_mean,
}


def gradient_names(function):
    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return tape.gradient(y, x)

    graph = step.get_concrete_function(tf.TensorSpec((4, 2), tf.float32)).graph
    names = [one.name for one in graph.get_operations() if one.name.startswith("gradient_tape/")]
    return [name for name in names if graph.get_operation_by_name(name).type not in ("Const", "Shape")]


found = {what: gradient_names(function) for what, function in FUNCTIONS.items()}
placed = {}
for what, names in found.items():
    of_its_own = [name for name in names if name.count("/") > 1]
    placed[what] = bool(of_its_own)
    print(f"{what + ':':16} {', '.join(names)}")
if placed != {"x @ w": True, "x * x": True, "tf.square": False, "tf.sin": False, "tf.reduce_mean": False}:
    sys.exit("CHANGED: expected the operation's name in the gradients of the two products only")
PYTHON

"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install -qq tensorflow==2.21.0 || { echo "could not install" >&2; exit 2; }
venv/bin/python -I names.py 2>errors || { cat errors >&2; exit 1; }
