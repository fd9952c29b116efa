"""Solves a linear system of ordinary differential equations at many times with matrix exponentials."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm
from scipy.sparse.linalg import expm_multiply

Array = NDArray[np.float64]


def evolve(system: Array, start: Array, times: Array) -> Array:
    """Return the (k, n) states at (k,) times of dy/dt = system y, with an (n, n) matrix and (n,) y(0) = start.

    The times must not all be 0. The method is scaling and squaring, which `scipy.linalg.expm` uses for one time, with
    squares that all times share: those of exp(system h), where the step h is so short that the 1-norm of system h is at
    most 1. A time is a number of steps, in binary, and a remainder. States that overflow are not finite.
    """
    last = times.max()
    doublings = math.ceil(math.log2(max(1.0, last * np.linalg.norm(system, 1))))
    step = last / 2**doublings
    steps = (times / step).astype(np.int64)
    states = np.stack([expm_multiply(system * rest, start) for rest in times - steps * step], axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        power = expm(system * step)
        for doubling in range(doublings + 1):
            taken = (steps >> doubling) % 2 == 1
            states[:, taken] = power @ states[:, taken]
            if doubling < doublings:
                power = power @ power
    return np.ascontiguousarray(states.T)
