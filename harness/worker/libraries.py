"""The numerical libraries that decide what a program computes: which version is loaded, and which would be."""

import importlib.util
import sys
from contextlib import suppress
from functools import cache
from importlib import metadata

LIBRARIES = (
    *("tensorflow", "keras", "tf_keras", "tensorflow_probability", "jax", "jaxlib", "torch", "numpy", "scipy"),
    *("deepxde", "lightning", "pytorch_lightning", "pina", "flax", "equinox", "optax", "numba", "paddle"),
)
"""By the names that programs import them by: what an installer calls them may differ, such as `tensorflow-cpu`."""
BACKENDS = {"keras": ("keras.config", "backend"), "deepxde": ("deepxde.backend", "backend_name")}
"""Libraries that compute in one of several others: where each of them says which."""


def loaded() -> dict[str, str]:
    """The versions of those that this process has loaded, by module; and what else they say decides what they do."""
    found = {name: str(getattr(sys.modules[name], "__version__", "?")) for name in LIBRARIES if name in sys.modules}
    for name, (module, attribute) in BACKENDS.items():
        said = getattr(sys.modules.get(module), attribute, None) if name in found else None
        with suppress(Exception):  # it is somebody else's to say, and an extra
            said = said() if callable(said) else said
        if isinstance(said, str):
            found[f"{name} on"] = said
    return found


def installed() -> dict[str, str]:
    """The versions of those that a process here would load, by module, found without importing any of them."""
    return {name: own.version for name in LIBRARIES if (own := distribution(name))}


def distribution(module: str) -> metadata.Distribution | None:
    """What has installed a module, whatever it is called; None where there is no such module, or nothing installed it
    that says so."""
    with suppress(ValueError):  # it is loaded, and has been made by somebody who gave it no spec
        if importlib.util.find_spec(module) is None:
            return None
    return _named(module) or next(filter(None, map(_named, _installers().get(module, ()))), None)


def _named(name: str) -> metadata.Distribution | None:
    with suppress(metadata.PackageNotFoundError):
        return metadata.distribution(name)
    return None


@cache
def _installers() -> dict[str, list[str]]:
    """What has installed each module. This reads all that is installed, which takes some tenths of a second."""
    return {name: list(own) for name, own in metadata.packages_distributions().items()}
