"""A graph and a session, as PINNs were written for TensorFlow 1: u_t = 0.1 u_xx with u(x, 0) = sin(pi x)."""

import argparse
import time

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()


class PhysicsInformedNN:
    def __init__(self, layers):
        self.weights, self.biases = self.initialize_NN(layers)
        self.sess = tf.Session()
        self.x_tf, self.t_tf = (tf.placeholder(tf.float32, shape=[None, 1]) for _ in range(2))
        self.x0_tf = tf.placeholder(tf.float32, shape=[None, 1])
        residual = self.net_f(self.x_tf, self.t_tf)
        initial = self.net_u(self.x0_tf, tf.zeros_like(self.x0_tf)) - tf.sin(np.pi * self.x0_tf)
        sides = [self.net_u(0 * self.t_tf + side, self.t_tf) for side in (-1.0, 1.0)]
        self.loss = (
            tf.reduce_mean(tf.square(residual))
            + tf.reduce_mean(tf.square(initial))
            + sum(tf.reduce_mean(tf.square(side)) for side in sides)
        )
        self.train_op_Adam = tf.train.AdamOptimizer().minimize(self.loss)
        self.sess.run(tf.global_variables_initializer())

    def initialize_NN(self, layers):
        weights, biases = [], []
        for wide, narrow in zip(layers[:-1], layers[1:]):
            weights.append(tf.Variable(tf.truncated_normal([wide, narrow], stddev=np.sqrt(2 / (wide + narrow)))))
            biases.append(tf.Variable(tf.zeros([1, narrow])))
        return weights, biases

    def net_u(self, x, t):
        h = tf.concat([x, t], 1)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1]):
            h = tf.tanh(tf.add(tf.matmul(h, weight), bias))
        return tf.add(tf.matmul(h, self.weights[-1]), self.biases[-1])

    def net_f(self, x, t):
        u = self.net_u(x, t)
        u_t = tf.gradients(u, t)[0]
        u_xx = tf.gradients(tf.gradients(u, x)[0], x)[0]
        return u_t - 0.1 * u_xx

    def train(self, nIter):
        rng = np.random.default_rng(1)
        tf_dict = {
            self.x_tf: rng.uniform(-1, 1, (500, 1)),
            self.t_tf: rng.uniform(0, 1, (500, 1)),
            self.x0_tf: np.linspace(-1, 1, 50).reshape(-1, 1),
        }
        start_time = time.time()
        for it in range(nIter):
            self.sess.run(self.train_op_Adam, tf_dict)
            if it % 50 == 0:
                loss_value = self.sess.run(self.loss, tf_dict)
                print("It: %d, Loss: %.3e, Time: %.2f" % (it, loss_value, time.time() - start_time))
                start_time = time.time()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=200)
    args = parser.parse_args()
    model = PhysicsInformedNN([2, args.width, args.width, 1])
    model.train(args.epochs)
