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
        """It is imported by many who never use it: whether it has a backend tells."""
        bridge = sys.modules.get("jax._src.xla_bridge")
        return bool(getattr(bridge, "_backends", True)) and self.loaded is not None


FRAMEWORKS = (Jax(),)
