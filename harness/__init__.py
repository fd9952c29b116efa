"""A benchmarking and profiling harness for physics-informed neural networks: is it faster, by how much, and why?"""

from harness.interface import Collection, Trainer, Variant, phase

__all__ = ["Collection", "Trainer", "Variant", "phase"]
