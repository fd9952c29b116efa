"""PyTorch: traces by Dynamo and their causes, compilations by TorchInductor, and memory on accelerators."""

import getpass
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from harness.worker.imports.hooks import when_imported
from harness.worker.probes.base import Allocator, Counter, Framework, OperationProbe, Probe
from harness.worker.probes.compilations import CollectedCompilations
from harness.worker.probes.optimizers import watch
from harness.worker.probes.torch.limits import LimitProbe
from harness.worker.probes.torch.memory import TorchAllocator, used_devices
from harness.worker.probes.torch.operations import TorchOperations
from harness.worker.probes.torch.traces import DynamoProbe
from harness.worker.probes.torch.work import TorchCounter


class PyTorch(Framework):
    name = "PyTorch"
    module = "torch"
    libraries = ("torch", "lightning", "pytorch_lightning", "pina")
    thread_setter = "set_num_threads"
    result_variables = ("CUBLAS_WORKSPACE_CONFIG",)
    observed = True
    # This seeds the generator of the CPU, and those of accelerators once they are used. It initializes no accelerator.
    generator = ("manual_seed", 2**63)

    def __init__(self) -> None:
        self._traces: DynamoProbe | None = None

    def ask_for_repeatability(self) -> None:
        """Operations that cannot repeat themselves warn, and run all the same."""
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        when_imported(self.module, lambda torch: torch.use_deterministic_algorithms(True, warn_only=True))

    def probes(self, phase: Callable[[], str] | None) -> Sequence[Probe]:
        self._traces = DynamoProbe()
        self._traces.install()
        watch("torch.optim.optimizer", "Optimizer")
        limits = LimitProbe()
        limits.install()
        return self._traces, CollectedCompilations(self._traces), limits

    def operation_probe(self) -> OperationProbe:
        return TorchOperations(self)

    def has_traced(self) -> bool:
        return self._traces is not None and self._traces.any

    def counter(self) -> Counter:
        return TorchCounter(self)

    def allocator(self) -> Allocator:
        return TorchAllocator()

    def synchronize(self) -> bool:
        """Wait for accelerators. On CPUs it computes at once."""
        torch: Any = self.loaded
        used: list[Callable[[], Any]] = [partial(kind.synchronize, number) for kind, number in used_devices()]
        if torch.backends.mps.is_available() and torch.mps.current_allocated_memory():
            used.append(torch.mps.synchronize)
        for wait in used:
            wait()
        return bool(used)

    def defer(self, value: Any) -> Any:
        """Without its graph, which it would keep alive."""
        torch: Any = self.loaded
        return value.detach() if isinstance(value, torch.Tensor) and value.device.type != "cpu" else None

    def threads_used(self) -> int | None:
        return int(self.loaded.get_num_threads()) if self.loaded else None

    def arithmetic(self) -> dict[str, str]:
        torch: Any = self.loaded
        found = {
            "default type": str(torch.get_default_dtype()).removeprefix("torch."),
            "precision of matrix products": str(torch.get_float32_matmul_precision()),
            "deterministic algorithms": "on" if torch.are_deterministic_algorithms_enabled() else "off",
        }
        if torch.cuda.is_initialized():
            found["choice of convolutions by trial"] = "on" if torch.backends.cudnn.benchmark else "off"
            found["TF32 in convolutions"] = "on" if torch.backends.cudnn.allow_tf32 else "off"
        return found

    def cache_folders(self) -> dict[str, str]:
        try:
            user = getpass.getuser()
        except (ImportError, KeyError, OSError):  # a container may run as a user that has no name
            user = str(os.getuid())
        return {"TORCHINDUCTOR_CACHE_DIR": f"torchinductor_{user}"}


FRAMEWORKS = (PyTorch(),)
