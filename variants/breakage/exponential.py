"""The solution of a linear system of ordinary differential equations at many times, by matrix exponentials."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm
from scipy.sparse.linalg import expm_multiply

Array = NDArray[np.float64]


def evolve(system: Array, start: Array, times: Array) -> Array:
    """(k, n) states at (k,) times, not all 0, of dy/dt = system y with an (n, n) matrix and y(0) = start, (n,).

    By scaling and squaring, as `scipy.linalg.expm` does it for one time, but with squares that all times share: of
    exp(system h) for a step h so short that the 1-norm of system h is 1 at most. A time is a number of steps, written
    in binary, and a remainder. States that overflow are not finite.
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
