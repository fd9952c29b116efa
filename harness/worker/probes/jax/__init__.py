"""JAX: traces and their causes, compilations, and memory on accelerators. Its programs set every seed themselves."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from harness.worker.probes.base import Allocator, Counter, Framework, OperationProbe, Probe
from harness.worker.probes.compilations import CollectedCompilations
from harness.worker.probes.jax.backends import has_computed
from harness.worker.probes.jax.memory import JaxAllocator
from harness.worker.probes.jax.operations import JaxOperations
from harness.worker.probes.jax.traces import JaxProbe
from harness.worker.probes.jax.work import JaxCounter


class Jax(Framework):
    name = "JAX"
    module = "jax"
    libraries = ("jax", "jaxlib", "flax", "equinox", "optax")
    result_variables = ("JAX_ENABLE_X64", "JAX_PLATFORMS", "JAX_DEFAULT_MATMUL_PRECISION")
    sharing_variables: Mapping[str, str] = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    observed = True
    no_generator = "not seeded, because its keys are explicit"

    def __init__(self) -> None:
        self._traces: JaxProbe | None = None

    def ask_for_repeatability(self) -> None:
        flags = os.environ.get("XLA_FLAGS", "")
        if "xla_gpu_deterministic_ops" not in flags:
            os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()

    def probes(self, phase: Callable[[], str] | None) -> Sequence[Probe]:
        self._traces = JaxProbe(phase)
        self._traces.install()
        return self._traces, CollectedCompilations(self._traces)

    def operation_probe(self) -> OperationProbe:
        return JaxOperations(self)

    def has_traced(self) -> bool:
        return self._traces is not None and self._traces.any

    def counter(self) -> Counter:
        return JaxCounter(self)

    def allocator(self) -> Allocator:
        return JaxAllocator()

    def computes(self) -> bool:
        return has_computed()

    def arithmetic(self) -> dict[str, str]:
        jax: Any = self.loaded
        found = {
            "64-bit numbers": "on" if jax.config.jax_enable_x64 else "off",
            "precision of matrix products": str(jax.config.jax_default_matmul_precision or "default"),
        }
        if jax.default_backend() != "cpu":
            asked = "xla_gpu_deterministic_ops=true" in os.environ.get("XLA_FLAGS", "")
            found["deterministic kernels"] = "on" if asked else "off"
        return found

    def synchronize(self) -> bool:
        """Wait for every array that is alive on any device: JAX computes asynchronously on CPUs too."""
        if not self.computes():
            return False
        jax: Any = self.loaded
        for platform in {device.platform for device in jax.devices()} | {"cpu"}:
            with suppress(RuntimeError):  # there is no such platform
                for array in jax.live_arrays(platform):
                    with suppress(Exception):  # deleted meanwhile, or the result of a computation that failed
                        array.block_until_ready()
        jax.effects_barrier()  # callbacks, which need not have results
        return True

    def defer(self, value: Any) -> Any:
        lazy = type(value).__module__.partition(".")[0] in ("jax", "jaxlib") and hasattr(value, "block_until_ready")
        return value if lazy else None


FRAMEWORKS = (Jax(),)
