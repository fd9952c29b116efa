"""A custom loop in TensorFlow: -u'' = pi^2 sin(pi x) on [-1, 1] with u = 0 at both ends."""

import argparse
from math import pi

import tensorflow as tf

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=32)
parser.add_argument("--epochs", type=int, default=200)
args = parser.parse_args()

tf.random.set_seed(1)
model = tf.keras.Sequential(
    [
        tf.keras.layers.Dense(args.width, "tanh"),
        tf.keras.layers.Dense(args.width, "tanh"),
        tf.keras.layers.Dense(1),
    ]
)
optimizer = tf.keras.optimizers.Adam(1e-3)
x = tf.reshape(tf.linspace(-1.0, 1.0, 200), (-1, 1))
ends = tf.constant([[-1.0], [1.0]])
model(x)


@tf.function
def train_step():
    with tf.GradientTape() as outer:
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                u = model(x)
            u_x = first.gradient(u, x)
        u_xx = second.gradient(u_x, x)
        physics = tf.reduce_mean((u_xx + pi**2 * tf.sin(pi * x)) ** 2)
        boundary = tf.reduce_mean(model(ends) ** 2)
        loss = physics + boundary
    gradients = outer.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss, physics, boundary


for epoch in range(args.epochs):
    loss, physics, boundary = train_step()
    if epoch % 50 == 0:
        print(f"epoch {epoch}: loss {loss:.3e}, physics {physics:.3e}, boundary {boundary:.3e}")
print(f"error {tf.reduce_max(tf.abs(model(x) - tf.sin(pi * x))):.2e}")
