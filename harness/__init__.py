"""A benchmarking and profiling harness for physics-informed neural networks: is it faster, by how much, and why?

Training code uses `epochs`, `report` and `phase`, or `Collection`, `Trainer` and `Variant`. Notebooks and scripts use
`compare`, `profile` and `read`, which are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.interface import Collection, Trainer, Variant, phase
from harness.loops import epochs, report

if TYPE_CHECKING:
    from harness.api import Result, compare, profile, read

    __version__: str

__all__ = [
    "Collection",
    "Result",
    "Trainer",
    "Variant",
    "__version__",
    "compare",
    "epochs",
    "phase",
    "profile",
    "read",
    "report",
]
_OF_API = ("Result", "compare", "profile", "read")


def __getattr__(name: str) -> Any:
    """Load on first use what is slow to import, or needs packages that a measured process may lack."""
    if name in _OF_API:
        from harness import api

        return getattr(api, name)
    if name == "__version__":
        from importlib.metadata import version

        return version("pinn-harness")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
