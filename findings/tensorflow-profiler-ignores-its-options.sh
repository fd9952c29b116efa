#!/usr/bin/env bash
# TensorFlow's profiler takes options, and does the same whatever they are.
#
# Version: tensorflow 2.21.0.
#
# Behaviour: `tf.profiler.experimental.start(folder, ProfilerOptions(...))` accepts host_tracer_level, python_tracer_level
# and device_tracer_level, and logs for each that it "expects an i value". With host_tracer_level=0, which the
# documentation says disables tracing of the host, as many events of the host are recorded as with 1 or 3; with
# python_tracer_level=1 there are no events of Python functions.
#
# Expected: no events of the host with level 0, more with 3 than with 1, and Python's with python_tracer_level=1; or an
# error.
#
# Why it matters: whoever lowers the level to make profiling cheaper, or raises it to see the shapes of operands or Python
# functions, gets the same profile with the same overhead, and takes what is missing for something that did not run.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CUDA_VISIBLE_DEVICES= HOME="$folder" TF_CPP_MIN_LOG_LEVEL=0

cat >options.py <<'PYTHON'
import sys
import tempfile
from pathlib import Path

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2


@tf.function
def step(x):
    return tf.tanh(x @ x)


def train():
    return step(tf.ones((100, 100)))


def profile(**options):
    """The names of all events on the host, sorted, in a profile of three steps."""
    folder = tempfile.mkdtemp()
    tf.profiler.experimental.start(folder, tf.profiler.experimental.ProfilerOptions(**options))
    for _ in range(3):
        train()
    tf.profiler.experimental.stop()
    (file,) = Path(folder).rglob("*.xplane.pb")
    space = xplane_pb2.XSpace.FromString(file.read_bytes())
    (host,) = (plane for plane in space.planes if plane.name == "/host:CPU")
    return [host.event_metadata[event.metadata_id].name for line in host.lines for event in line.events]


train()
levels = {level: profile(host_tracer_level=level) for level in (0, 1, 3)}
python = profile(python_tracer_level=1)
for level, names in levels.items():
    products = sum("MatMul" in name for name in names)
    print(f"host_tracer_level={level}: {len(names)} events of the host, {products} of matrix products")
named = sum("train" in name for name in python)
print(f"python_tracer_level=1: {len(python)} events, {named} of the Python function `train`")
same = all(any("MatMul" in name for name in names) for names in levels.values())
sizes = [len(names) for names in levels.values()]
if not same or max(sizes) > 1.2 * min(sizes) or named:
    sys.exit("CHANGED: expected the same profile whatever the options are")
PYTHON

"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install -qq tensorflow==2.21.0 || { echo "could not install" >&2; exit 2; }
venv/bin/python -I options.py 2>errors || { cat errors >&2; exit 1; }
echo "logged: $(grep -c 'expects an i value' errors) times that an option \"expects an i value\""
