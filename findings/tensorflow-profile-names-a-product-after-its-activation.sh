#!/usr/bin/env bash
# In TensorFlow's profile, the matrix product of a Keras layer runs under the name of the layer's activation.
#
# Version: tensorflow 2.21.0, keras 3.15.0.
#
# Behaviour: in a tf.function on a CPU, TensorFlow fuses a product, the bias that is added and the activation into one
# kernel. The profile names it after the last of the three: the event is `.../Tanh:_FusedMatMul` or, with oneDNN,
# `.../Tanh:_MklNativeFusedMatMul`. There is no event of the product's own name.
#
# Expected: that the time of a product can be found under the product's name in the graph, or that the profile says what
# was fused into what.
#
# Why it matters: by names, which are all that ties a profile to the graph and so to the lines of a program, nearly the
# whole time of a network is that of `Tanh`, and a count of products by their names finds only those of the gradients,
# which are not fused: a third of the floating-point operations is missing.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CUDA_VISIBLE_DEVICES= HOME="$folder" TF_CPP_MIN_LOG_LEVEL=3 KERAS_BACKEND=tensorflow

cat >fused.py <<'PYTHON'
import sys
import tempfile
from pathlib import Path

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

layer = tf.keras.layers.Dense(64, activation="tanh", name="hidden")
points = tf.ones((500, 64))


@tf.function
def predict():
    return layer(points)


predict()
folder = tempfile.mkdtemp()
tf.profiler.experimental.start(folder)
for _ in range(3):
    predict()
tf.profiler.experimental.stop()
(file,) = Path(folder).rglob("*.xplane.pb")
space = xplane_pb2.XSpace.FromString(file.read_bytes())
(host,) = (plane for plane in space.planes if plane.name == "/host:CPU")
ran = {host.event_metadata[event.metadata_id].name for line in host.lines for event in line.events}
products = sorted(name for name in ran if "MatMul" in name and ":" in name)
graph = [one.name for one in predict.get_concrete_function().graph.get_operations() if one.type == "MatMul"]
print(f"products in the graph: {', '.join(graph)}")
print(f"kernels in the profile that multiply: {', '.join(products)}")
if not products or any("/MatMul:" in name for name in products) or not all("/Tanh:" in name for name in products):
    sys.exit("CHANGED: expected the kernel under the name of Tanh")
PYTHON

"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install -qq tensorflow==2.21.0 keras==3.15.0 || { echo "could not install" >&2; exit 2; }
venv/bin/python -I fused.py 2>errors || { cat errors >&2; exit 1; }
