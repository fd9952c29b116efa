"""Finds the distribution that installed a module, without importing the module."""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from functools import cache
from importlib import metadata


def distribution(module: str) -> metadata.Distribution | None:
    """Return the distribution that installed a module, which may have another name than the module.

    Returns None if there is no such module, or if no distribution can be found for it.
    """
    with suppress(ValueError):  # raised for a loaded module that was created without a spec
        if importlib.util.find_spec(module) is None:
            return None
    return _find_distribution(module) or next(
        filter(None, map(_find_distribution, _list_installers().get(module, ()))), None
    )


def _find_distribution(name: str) -> metadata.Distribution | None:
    with suppress(metadata.PackageNotFoundError):
        return metadata.distribution(name)
    return None


@cache
def _list_installers() -> dict[str, list[str]]:
    """Return the distributions that installed each module.

    This reads the metadata of all installed distributions, which takes some tenths of a second.
    """
    return {name: list(own) for name, own in metadata.packages_distributions().items()}
