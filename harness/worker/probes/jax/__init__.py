"""JAX. Its programs set every seed themselves. Its traces and compilations are not observed."""

import sys

from harness.worker.probes.base import Framework


class Jax(Framework):
    name = "JAX"
    module = "jax"
    libraries = ("jax", "jaxlib", "flax", "equinox", "optax")
    result_variables = ("JAX_ENABLE_X64", "JAX_PLATFORMS", "JAX_DEFAULT_MATMUL_PRECISION")
    no_generator = "not seeded, because its keys are explicit"

    def computes(self) -> bool:
        """Whether it has initialized a backend. Many programs import JAX without using it.

        The internal module that holds the backends may change. If none is found, JAX is assumed to have been used.
        """
        inner = [module for name, module in sys.modules.items() if name.startswith("jax._src.")]
        kept = [module._backends for module in inner if hasattr(module, "_backends")]
        return self.loaded is not None and (any(kept) if kept else True)


FRAMEWORKS = (Jax(),)
