#!/usr/bin/env bash
# A gradient tape that is asked for the derivative by the inputs alone computes that by every weight, too.
#
# Version: tensorflow 2.21.0.
#
# Behaviour: outside of a tf.function, `tape.gradient(u, x)` of a network with two layers runs four matrix products back
# where two give the derivative by `x`: the other two are the gradients of both weights, which are thrown away. With
# `tf.GradientTape(watch_accessed_variables=False)` there are two. The result is the same.
#
# Expected: what a tape computes is what it is asked for.
#
# Why it matters: an inner tape for the derivative by the inputs is how physics-informed losses are written. In a program
# that runs op by op, as when it is debugged or under `run_eagerly=True`, each such derivative costs twice the products,
# and the outer tape records them all. Within a tf.function what is not needed is dropped, so the two cannot be compared.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CUDA_VISIBLE_DEVICES= HOME="$folder" TF_CPP_MIN_LOG_LEVEL=3

cat >products.py <<'PYTHON'
import sys

import tensorflow as tf
from tensorflow.python.framework import op_callbacks

first, second = tf.Variable(tf.ones((3, 8))), tf.Variable(tf.ones((8, 1)))
x = tf.random.stateless_normal((5, 3), (1, 2))


def derive(watches):
    """Return the derivative by the inputs, and how many products of matrices were run for it after the forward ones."""
    seen = []

    def note(type_, inputs, attributes, outputs, name=None, graph=None):
        seen.append(type_ if isinstance(type_, str) else type_.decode())

    with tf.GradientTape(watch_accessed_variables=watches) as tape:
        tape.watch(x)
        u = tf.tanh(x @ first) @ second
    op_callbacks.add_op_callback(note)
    try:
        slope = tape.gradient(u, x)
    finally:
        op_callbacks.remove_op_callback(note)
    return slope, seen.count("MatMul")


by_default, products = derive(True)
without_weights, fewer = derive(False)
print(f"tape.gradient(u, x): {products} products by default, {fewer} if variables are not watched")
if not bool(tf.reduce_all(by_default == without_weights)):
    sys.exit("CHANGED: expected the same derivative")
if (products, fewer) != (4, 2):
    sys.exit("CHANGED: expected twice the products by default")
PYTHON

"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install -qq tensorflow==2.21.0 || { echo "could not install" >&2; exit 2; }
venv/bin/python -I products.py 2>errors || { cat errors >&2; exit 1; }
