"""PyTorch. It is seeded. Its traces and compilations are not observed."""

from harness.worker.probes.base import Framework


class PyTorch(Framework):
    name = "PyTorch"
    module = "torch"
    libraries = ("torch", "lightning", "pytorch_lightning", "pina")
    # This seeds the generator of the CPU, and those of accelerators once they are used. It initializes no accelerator.
    generator = ("manual_seed", 2**63)


FRAMEWORKS = (PyTorch(),)
