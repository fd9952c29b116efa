"""Whether JAX has been used. Many programs import it without that, as TensorFlow does wherever JAX is installed."""

from __future__ import annotations

import sys
from typing import Any


def has_computed() -> bool:
    """Return whether JAX has initialized a backend.

    The internal module that holds the backends may change. If none is found, JAX is assumed to have been used.
    """
    if "jax" not in sys.modules:
        return False
    bridge: Any = sys.modules.get("jax._src.xla_bridge")
    if hasattr(bridge, "_backends"):
        return bool(bridge._backends)
    inner = [module for name, module in sys.modules.items() if name.startswith("jax._src.")]
    kept = [module._backends for module in inner if hasattr(module, "_backends")]
    return any(kept) if kept else True
