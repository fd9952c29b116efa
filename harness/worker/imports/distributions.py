"""What has installed a module, found without importing it."""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from functools import cache
from importlib import metadata


def distribution(module: str) -> metadata.Distribution | None:
    """What has installed a module, whatever it is called; None where there is no such module, or nothing installed it
    that can be found."""
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
