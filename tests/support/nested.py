"""Trainers with nested functions: one uses Keras's `model.fit`, one nested `tf.function`s."""

import numpy as np
import tensorflow as tf


class Fits:
    """An epoch is a `model.fit`."""

    epochs = 6

    def __init__(self):
        tf.keras.utils.set_random_seed(0)
        self.model = tf.keras.Sequential([tf.keras.layers.Dense(16, activation="tanh"), tf.keras.layers.Dense(1)])
        self.model.compile(optimizer="adam", loss="mse")
        self.x = np.linspace(0, 1, 64, dtype="float32")[:, None]

    def epoch(self, index):
        history = self.model.fit(self.x, self.x**2, batch_size=32, verbose=0, shuffle=False)
        return {"loss": history.history["loss"][0]}


class Nests:
    """A step that calls a loss that calls a network."""

    epochs = 6

    def __init__(self):
        self.weight = tf.Variable(tf.ones((3, 1)))

    def epoch(self, index):
        return {"loss": float(self.step(tf.ones((8, 3))))}

    @tf.function
    def step(self, x):
        with tf.GradientTape() as tape:
            loss = self.loss(x)
        self.weight.assign_sub(0.1 * tape.gradient(loss, self.weight))
        return loss

    @tf.function
    def loss(self, x):
        return tf.reduce_mean(self.network(x) ** 2)

    @tf.function
    def network(self, x):
        return tf.tanh(x @ self.weight)
