"""DeepXDE, on PyTorch or TensorFlow (DDE_BACKEND): -u'' = pi^2 sin(pi x), with Adam and then with L-BFGS."""

import argparse

import deepxde as dde
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=32)
parser.add_argument("--iterations", type=int, default=200)
args = parser.parse_args()

dde.config.set_random_seed(1)
if dde.backend.backend_name == "pytorch":
    from torch import sin
else:
    from deepxde.backend import tf

    sin = tf.sin


def pde(x, y):
    return -dde.grad.hessian(y, x) - np.pi**2 * sin(np.pi * x)


def func(x):
    return np.sin(np.pi * x)


geom = dde.geometry.Interval(-1, 1)
bc = dde.icbc.DirichletBC(geom, func, lambda x, on_boundary: on_boundary)
data = dde.data.PDE(geom, pde, bc, 64, 2, solution=func, num_test=100)
net = dde.nn.FNN([1] + [args.width] * 2 + [1], "tanh", "Glorot uniform")
model = dde.Model(data, net)
model.compile("adam", lr=1e-3, metrics=["l2 relative error"])
model.train(iterations=args.iterations, display_every=50)
dde.optimizers.set_LBFGS_options(maxiter=60)
model.compile("L-BFGS", metrics=["l2 relative error"])
losshistory, train_state = model.train(display_every=50)
print("error", train_state.best_metrics)
