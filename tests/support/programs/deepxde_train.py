"""Poisson's equation in one dimension, first with Adam and then with L-BFGS, as in DeepXDE's examples."""

import deepxde as dde
import numpy as np

dde.config.set_random_seed(0)
dde.optimizers.set_LBFGS_options(maxiter=60, maxcor=10)


def equation(x, y):
    return dde.grad.hessian(y, x) + np.pi**2 * dde.backend.sin(np.pi * x)


geometry = dde.geometry.Interval(-1, 1)
boundary = dde.icbc.DirichletBC(geometry, lambda x: 0, lambda _, on_boundary: on_boundary)
data = dde.data.PDE(geometry, equation, boundary, 16, 2)
model = dde.Model(data, dde.nn.FNN([1, 10, 1], "tanh", "Glorot uniform"))
model.compile("adam", lr=1e-3)
model.train(iterations=12, display_every=4)
model.compile("L-BFGS")
model.train()
