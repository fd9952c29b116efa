"""The numerical libraries that affect what a program computes: the versions that are loaded, and those installed."""

from __future__ import annotations

import sys
from contextlib import suppress

from harness.worker import frameworks
from harness.worker.imports.distributions import distribution

BACKENDS = {"keras": ("keras.config", "backend"), "deepxde": ("deepxde.backend", "backend_name")}
"""Libraries that compute with one of several backends: the module and the attribute that name the backend."""


def loaded() -> dict[str, str]:
    """Return the versions of the libraries that this process has loaded, by module, and the backends in use."""
    known = [name for name in frameworks.libraries() if name in sys.modules]
    found = {name: _get_version(name) for name in known}
    for name, (module, attribute) in BACKENDS.items():
        value = getattr(sys.modules.get(module), attribute, None) if name in found else None
        with suppress(Exception):  # this calls code of the library, and the backend is optional information
            value = value() if callable(value) else value
        if isinstance(value, str):
            found[f"{name} on"] = value
    return found


def _get_version(module: str) -> str:
    """Return the version of a loaded module, or of the distribution that installed it; ? if neither is known."""
    version = getattr(sys.modules[module], "__version__", None)
    if isinstance(version, str):
        return version
    found = distribution(module)
    return found.version if found else "?"


def installed() -> dict[str, str]:
    """Return the versions of the libraries that a process here would load, by module, without importing them."""
    return {name: own.version for name in frameworks.libraries() if (own := distribution(name))}
