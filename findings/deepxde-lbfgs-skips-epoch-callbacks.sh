#!/usr/bin/env bash
# With L-BFGS on TensorFlow, DeepXDE calls a callback before and after the training, and never in between.
#
# Versions: deepxde 1.15.0, tensorflow 2.21.0, tensorflow-probability 0.25.0, tf-keras 2.21.0, keras 3.15.0,
# numpy 2.4.6.
#
# Behaviour: with Adam, `on_epoch_begin` and `on_epoch_end` are called once for each iteration. With L-BFGS in the
# TensorFlow backend, `on_train_begin` and `on_train_end` are called, but none of the four others, however many
# iterations run. Nothing is said about it: a callback that stops early, saves, resamples points or measures time is
# accepted and does nothing.
#
# Expected: the callbacks that the documentation describes without exceptions are called, or there is a warning.
#
# Why it matters: a training in two stages, Adam and then L-BFGS, is the usual one. Its second stage is missing from
# whatever a callback records, with no sign of it, so what is timed or stopped by callbacks is half of the training.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CUDA_VISIBLE_DEVICES=-1 TF_CPP_MIN_LOG_LEVEL=3 KERAS_BACKEND=tensorflow KERAS_HOME="$folder/keras"
export DDE_BACKEND=tensorflow HOME="$folder"

cat >train.py <<'PYTHON'
import sys
from collections import Counter

import deepxde as dde
import numpy as np

EVENTS = ["train_begin", "epoch_begin", "batch_begin", "batch_end", "epoch_end", "train_end"]


class Counting(dde.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.counts = Counter()


def count(event):
    def called(self):
        self.counts[event] += 1

    return called


for event in EVENTS:
    setattr(Counting, f"on_{event}", count(event))

dde.config.set_random_seed(0)
dde.optimizers.set_LBFGS_options(maxiter=40)
geometry = dde.geometry.Interval(-1, 1)
boundary = dde.icbc.DirichletBC(geometry, lambda x: 0, lambda _, on_boundary: on_boundary)
equation = lambda x, y: dde.grad.hessian(y, x) + np.pi**2 * dde.backend.sin(np.pi * x)
data = dde.data.PDE(geometry, equation, boundary, 16, 2)
model = dde.Model(data, dde.nn.FNN([1, 10, 1], "tanh", "Glorot uniform"))

found = {}
for optimizer, options, arguments in (("adam", {"lr": 1e-3}, {"iterations": 30}), ("L-BFGS", {}, {})):
    before = model.train_state.step or 0
    model.compile(optimizer, verbose=0, **options)
    counting = Counting()
    model.train(callbacks=[counting], verbose=0, **arguments)
    found[optimizer] = [model.train_state.step - before, *(counting.counts[event] for event in EVENTS)]

print("optimizer  iterations", *EVENTS)
for optimizer, (iterations, *counts) in found.items():
    widths = [len(event) for event in EVENTS]
    print(f"{optimizer:9}  {iterations:10}", *(f"{count:{width}}" for count, width in zip(counts, widths)))
if found["adam"] != [30, 1, 30, 30, 30, 30, 1]:
    sys.exit("CHANGED: expected Adam to call each callback once for an iteration")
if found["L-BFGS"][0] < 10 or found["L-BFGS"][1:] != [1, 0, 0, 0, 0, 1]:
    sys.exit("CHANGED: expected L-BFGS to iterate, and to call no callback for an iteration")
PYTHON

"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install -qq deepxde==1.15.0 tensorflow==2.21.0 tensorflow-probability==0.25.0 \
    tf-keras==2.21.0 keras==3.15.0 numpy==2.4.6 || { echo "could not install" >&2; exit 2; }
venv/bin/python -I train.py 2>errors || { cat errors >&2; exit 1; }
