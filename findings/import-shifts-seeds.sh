#!/usr/bin/env bash
# Importing TensorFlow moves Python's generator on, and with JAX installed NumPy's too.
#
# Versions: tensorflow 2.21.0, keras 3.15.0, numpy 2.4.6, rich 15.0.0; in the second round jax and jaxlib 0.7.2.
#
# Behaviour: `random.seed(0); numpy.random.seed(0)` before `import tensorflow` gives other numbers after the import than
# the same two lines behind it. TensorFlow imports Keras, Keras imports Rich, and `rich.style` draws 24 bits from
# Python's global generator for its identifiers: one word of the generator, every time. NumPy's generator stays as it was
# until JAX is installed. Nobody asks for JAX, but `tensorflow.lite` imports it where it can, and a module of JAX's for
# Kubernetes (`jax._src.clusters.k8s_cluster`) draws five numbers with `numpy.random.rand` while it is being read.
#
# Expected: imports leave the program's generators alone; and if not, what they draw does not depend on a package that
# the program never uses. `"jax" in sys.modules` should tell whether the program uses JAX.
#
# Why it matters: a program that seeds first and imports later trains from other numbers than one that does it the
# other way round, and from others again once somebody installs JAX beside it, or imports TensorFlow beforehand, as a
# process does from which others are forked. Two trainings that should start alike do not. Seed after all imports.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CUDA_VISIBLE_DEVICES=-1 TF_CPP_MIN_LOG_LEVEL=3 KERAS_BACKEND=tensorflow KERAS_HOME="$folder/keras"

install() { venv/bin/python -m pip install -qq "$@" || { echo "could not install $*" >&2; exit 2; }; }

cat >look.py <<'PYTHON'
import random
import sys

import numpy

with_jax = sys.argv[1] == "with"


def drawn(moved, step, most=1000):
    """How many steps lead from the seed to the next number that `moved` is."""
    return next((count for count in range(most) if step() == moved), None)


random.seed(0)
numpy.random.seed(0)

import tensorflow  # noqa: E402, F401

from_python, from_numpy = random.getrandbits(32), numpy.random.rand()
random.seed(0)
numpy.random.seed(0)
words, numbers = drawn(from_python, lambda: random.getrandbits(32)), drawn(from_numpy, numpy.random.rand)
loaded = "jax" in sys.modules
print(f"  drawn while importing: {words} word(s) from random, {numbers} number(s) from numpy.random; jax loaded: {loaded}")
if (words, numbers, loaded) != (1, 5 if with_jax else 0, with_jax):
    sys.exit("CHANGED: expected one word, and five numbers and jax only where jax is installed")
PYTHON

"${PYTHON:-python3}" -m venv venv
install tensorflow==2.21.0 keras==3.15.0 numpy==2.4.6 rich==15.0.0
for process in first second; do
    echo "without jax installed, $process process:"
    venv/bin/python -I look.py without 2>errors || { cat errors >&2; exit 1; }
done
install jax==0.7.2 jaxlib==0.7.2 numpy==2.4.6
for process in first second; do
    echo "with jax installed, $process process:"
    venv/bin/python -I look.py with 2>errors || { cat errors >&2; exit 1; }
done
