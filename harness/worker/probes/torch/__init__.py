"""PyTorch: it is seeded; what it traces and compiles is not observed."""

from harness.worker.probes.base import Framework


class PyTorch(Framework):
    name = "PyTorch"
    module = "torch"
    libraries = ("torch", "lightning", "pytorch_lightning", "pina")
    # That is the generator on the CPU, and any accelerator's as soon as somebody uses that: it starts none.
    generator = ("manual_seed", 2**63)


FRAMEWORKS = (PyTorch(),)
