"""SciPy's optimizers, before and after a framework is loaded, with callbacks of every form."""

import numpy as np
from scipy.optimize import minimize, rosen, rosen_der

minimize(rosen, [0.5, 2.0], jac=rosen_der, method="BFGS")

import tensorflow as tf  # noqa: E402

seen = []


def keep(position):
    seen.append(position)


def remember(intermediate_result):
    seen.append(intermediate_result.fun)


start = tf.constant([-1.2, 1.0], tf.float64).numpy()
first = minimize(rosen, start, jac=rosen_der, method="L-BFGS-B", callback=remember)
second = minimize(rosen, start, (), "L-BFGS-B", rosen_der, None, None, None, (), None, keep)
third = minimize(rosen, start, jac=rosen_der, method="trust-constr", options={"maxiter": 5})
print("iterations:", first.nit, third.nit, len(seen), np.round(first.fun, 6))
