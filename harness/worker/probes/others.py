"""Frameworks with little support: harness only knows their generator, or that they compile."""

from typing import Any

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
    """Keras computes with another framework, which traces and compiles for it."""

    name = "Keras"
    module = "keras"
    libraries = ("keras",)
    compiles = False
    result_variables = ("KERAS_BACKEND",)

    def arithmetic(self) -> dict[str, str]:
        keras: Any = self.loaded
        policy = keras.mixed_precision.global_policy() if hasattr(keras.mixed_precision, "global_policy") else None
        policy = policy or keras.mixed_precision.dtype_policy()
        return {"precision": str(policy.name)}


class DeepXDE(Framework):
    """DeepXDE computes with another framework, as Keras does."""

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
