"""A trainer that hides what TensorFlow logs, as many programs do, and is compiled for each shape."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf  # after the level, or it would have no effect


class Recompiles:
    def __init__(self):
        self.step = tf.function(
            tf.reduce_sum, jit_compile=True, input_signature=[tf.TensorSpec((None, 3))], autograph=False
        )

    def epoch(self, index):
        return {"loss": float(self.step(tf.ones((8 + index, 3))))}
