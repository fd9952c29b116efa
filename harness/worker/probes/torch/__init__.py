"""PyTorch. It is seeded. Its traces and compilations are not observed."""

import getpass
import os

from harness.worker.probes.base import Framework


class PyTorch(Framework):
    name = "PyTorch"
    module = "torch"
    libraries = ("torch", "lightning", "pytorch_lightning", "pina")
    # This seeds the generator of the CPU, and those of accelerators once they are used. It initializes no accelerator.
    generator = ("manual_seed", 2**63)

    def threads_used(self) -> int | None:
        return int(self.loaded.get_num_threads()) if self.loaded else None

    def cache_folders(self) -> dict[str, str]:
        try:
            user = getpass.getuser()
        except (ImportError, KeyError, OSError):  # a container may run as a user that has no name
            user = str(os.getuid())
        return {"TORCHINDUCTOR_CACHE_DIR": f"torchinductor_{user}"}


FRAMEWORKS = (PyTorch(),)
