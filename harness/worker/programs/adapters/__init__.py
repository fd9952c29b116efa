"""The training loops of libraries, for programs that mark no epochs.

To add a library, add a file with an `ADAPTER`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import partial
from types import ModuleType

from harness.worker.imports.hooks import when_imported
from harness.worker.programs.adapters.base import Adapter
from harness.worker.programs.watcher import Watcher


def install(watcher: Watcher) -> None:
    """Watch the training loops of every library as soon as the program imports it."""
    for adapter in _find_adapters():
        for module in adapter.modules:
            when_imported(module, partial(_install, adapter, watcher))


def _install(adapter: Adapter, watcher: Watcher, module: ModuleType) -> None:
    adapter.install(module, watcher)


def _find_adapters() -> Iterator[Adapter]:
    for found in pkgutil.iter_modules(__path__, f"{__name__}."):
        adapter = getattr(importlib.import_module(found.name), "ADAPTER", None)
        if adapter:
            yield adapter
