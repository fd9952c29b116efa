"""The numerical libraries that decide what a program computes: which version is loaded, and which would be."""

from __future__ import annotations

import sys
from contextlib import suppress

from harness.worker import frameworks
from harness.worker.imports.distributions import distribution

BACKENDS = {"keras": ("keras.config", "backend"), "deepxde": ("deepxde.backend", "backend_name")}
"""Libraries that compute in one of several others: where each of them says which."""


def loaded() -> dict[str, str]:
    """The versions of those that this process has loaded, by module; and what else they say decides what they do."""
    known = [name for name in frameworks.libraries() if name in sys.modules]
    found = {name: str(getattr(sys.modules[name], "__version__", "?")) for name in known}
    for name, (module, attribute) in BACKENDS.items():
        value = getattr(sys.modules.get(module), attribute, None) if name in found else None
        with suppress(Exception):  # it is somebody else's to answer, and an extra
            value = value() if callable(value) else value
        if isinstance(value, str):
            found[f"{name} on"] = value
    return found


def installed() -> dict[str, str]:
    """The versions of those that a process here would load, by module, found without importing any of them."""
    return {name: own.version for name in frameworks.libraries() if (own := distribution(name))}
