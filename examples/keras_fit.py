"""Keras' fit with a train_step of its own, on TensorFlow or JAX (KERAS_BACKEND): u' = -u, u(0) = 1 on [0, 2]."""

import argparse
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
from keras import layers, ops

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=32)
parser.add_argument("--epochs", type=int, default=40)
args = parser.parse_args()

keras.utils.set_random_seed(1)
STEP = 1e-2


class Decay(keras.Model):
    """A network whose outputs at t - h, t and t + h make the residual, so that any backend can train it."""

    def __init__(self, width):
        super().__init__()
        self.net = keras.Sequential([layers.Dense(width, "tanh"), layers.Dense(width, "tanh"), layers.Dense(1)])

    def call(self, t):
        u = 1 + t * self.net(t)
        u_t = (self._at(t + STEP) - self._at(t - STEP)) / (2 * STEP)
        return u_t + u

    def _at(self, t):
        return 1 + t * self.net(t)


model = Decay(args.width)
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
t = np.linspace(0, 2, 512, dtype="float32").reshape(-1, 1)
history = model.fit(t, np.zeros_like(t), batch_size=64, epochs=args.epochs, verbose=0)
error = np.max(np.abs(ops.convert_to_numpy(model._at(ops.convert_to_tensor(t))) - np.exp(-t)))
print(f"loss {history.history['loss'][-1]:.2e}, error {error:.2e}")
