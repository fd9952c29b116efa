"""JAX: its programs state every seed themselves; what it traces and compiles is not observed."""

import sys

from harness.worker.probes.base import Framework


class Jax(Framework):
    name = "JAX"
    module = "jax"
    libraries = ("jax", "jaxlib", "flax", "equinox", "optax")
    result_variables = ("JAX_ENABLE_X64", "JAX_PLATFORMS", "JAX_DEFAULT_MATMUL_PRECISION")
    no_generator = "nothing to seed: its keys are explicit"

    def computes(self) -> bool:
        """It is imported by many who never use it: whether it has a backend shows it. Which of its modules keeps those
        is its own affair; where none does, it is taken to compute."""
        inner = [module for name, module in sys.modules.items() if name.startswith("jax._src.")]
        kept = [module._backends for module in inner if hasattr(module, "_backends")]
        return self.loaded is not None and (any(kept) if kept else True)


FRAMEWORKS = (Jax(),)
