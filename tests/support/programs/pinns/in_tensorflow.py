"""u' = -u, u(1) = 1, by a network of two hidden layers and gradient descent."""

import tensorflow as tf
from common import EPOCHS, POINTS, RATE, WEIGHTS

weights = [tf.Variable(one) for one in WEIGHTS]
points = tf.constant(POINTS)


def solution(x):
    hidden = tf.tanh(tf.tanh(x @ weights[0]) @ weights[1])
    return hidden @ weights[2]


@tf.function(autograph=False)
def step():
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(points)
            u = solution(points)
        slope = inner.gradient(u, points)
        loss = tf.reduce_mean((slope + u) ** 2) + (u[0, 0] - 1.0) ** 2
    for weight, gradient in zip(weights, outer.gradient(loss, weights), strict=True):
        weight.assign_sub(RATE * gradient)
    return loss


for _ in range(EPOCHS):
    loss = step()
