"""Frameworks of which little is known here: that they have a generator, or that they compile."""

from harness.worker.probes.base import Framework


class NumPy(Framework):
    name = "NumPy"
    module = "numpy"
    libraries = ("numpy", "scipy")
    compiles = False
    generator = ("random.seed", 2**32)


class Paddle(Framework):
    name = "PaddlePaddle"
    module = "paddle"
    libraries = ("paddle",)


class Numba(Framework):
    name = "Numba"
    module = "numba"
    libraries = ("numba",)


class Keras(Framework):
    """It computes in one of the others, which trace and compile for it."""

    name = "Keras"
    module = "keras"
    libraries = ("keras",)
    compiles = False
    result_variables = ("KERAS_BACKEND",)


class DeepXDE(Framework):
    """As Keras does."""

    name = "DeepXDE"
    module = "deepxde"
    libraries = ("deepxde",)
    compiles = False
    result_variables = ("DDE_BACKEND",)


FRAMEWORKS = (
    NumPy(),
    Paddle(),
    Numba(),
    Keras(),
    DeepXDE(),
)
