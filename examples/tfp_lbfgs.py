"""L-BFGS of TensorFlow Probability on the weights as one vector: u'' = -u, u(0) = 0, u'(0) = 1 on [0, pi]."""

import argparse
from math import pi

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=20)
parser.add_argument("--iterations", type=int, default=40)
args = parser.parse_args()

tf.random.set_seed(1)
model = tf.keras.Sequential([tf.keras.layers.Dense(args.width, "tanh"), tf.keras.layers.Dense(1)])
t = tf.reshape(tf.linspace(0.0, pi, 100), (-1, 1))
model(t)
shapes = [weight.shape for weight in model.trainable_variables]
sizes = [int(np.prod(shape)) for shape in shapes]


def assign(vector):
    for weight, part, shape in zip(model.trainable_variables, tf.split(vector, sizes), shapes):
        weight.assign(tf.reshape(part, shape))


@tf.function
def compute():
    with tf.GradientTape() as outer:
        with tf.GradientTape() as second:
            second.watch(t)
            with tf.GradientTape() as first:
                first.watch(t)
                u = t + t**2 * model(t)
            u_t = first.gradient(u, t)
        u_tt = second.gradient(u_t, t)
        loss = tf.reduce_mean((u_tt + u) ** 2)
    gradients = outer.gradient(loss, model.trainable_variables)
    return loss, tf.concat([tf.reshape(gradient, [-1]) for gradient in gradients], 0)


def value_and_gradients(vector):
    assign(vector)
    return compute()


start = tf.concat([tf.reshape(weight, [-1]) for weight in model.trainable_variables], 0)
found = tfp.optimizer.lbfgs_minimize(value_and_gradients, start, max_iterations=args.iterations)
assign(found.position)
u = t + t**2 * model(t)
print(f"{int(found.num_objective_evaluations)} evaluations, error {tf.reduce_max(tf.abs(u - tf.sin(t))):.2e}")
