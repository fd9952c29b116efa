"""PyTorch. It is seeded. Its traces and compilations are not observed."""

import getpass
import os
from collections.abc import Callable
from functools import partial
from typing import Any

from harness.worker.probes.base import Framework


class PyTorch(Framework):
    name = "PyTorch"
    module = "torch"
    libraries = ("torch", "lightning", "pytorch_lightning", "pina")
    # This seeds the generator of the CPU, and those of accelerators once they are used. It initializes no accelerator.
    generator = ("manual_seed", 2**63)

    def synchronize(self) -> bool:
        """Wait for accelerators. On CPUs it computes at once."""
        torch: Any = self.loaded
        used: list[Callable[[], Any]] = []
        for kind in (torch.cuda, getattr(torch, "xpu", None)):
            if kind is not None and kind.is_initialized():
                # To wait for a card that is not used would make a context on it, which takes memory.
                numbers = [number for number in range(kind.device_count()) if kind.memory_reserved(number)]
                used += [partial(kind.synchronize, number) for number in numbers]
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

    def cache_folders(self) -> dict[str, str]:
        try:
            user = getpass.getuser()
        except (ImportError, KeyError, OSError):  # a container may run as a user that has no name
            user = str(os.getuid())
        return {"TORCHINDUCTOR_CACHE_DIR": f"torchinductor_{user}"}


FRAMEWORKS = (PyTorch(),)
