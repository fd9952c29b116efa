"""A benchmarking and profiling harness for physics-informed neural networks: is it faster, by how much, and why?

For training code: `Collection`, `Trainer`, `Variant`, `phase`. For notebooks and scripts: `compare`, `profile`, `read`,
which are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.interface import Collection, Trainer, Variant, phase

if TYPE_CHECKING:
    from harness.api import Result, compare, profile, read

    __version__: str

__all__ = ["Collection", "Result", "Trainer", "Variant", "__version__", "compare", "phase", "profile", "read"]
_OF_API = ("Result", "compare", "profile", "read")


def __getattr__(name: str) -> Any:
    """What is heavy, or needs what a measured process need not have, once somebody asks for it."""
    if name in _OF_API:
        from harness import api

        return getattr(api, name)
    if name == "__version__":
        from importlib.metadata import version

        return version("pinn-harness")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
