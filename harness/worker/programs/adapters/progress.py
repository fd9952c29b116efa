"""Loops over a progress bar of tqdm, once a framework is loaded: before that, a bar shows something else than training.

A bar inside another one, such as one over batches, belongs to the outer one's epochs.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop
from harness.worker.programs.watcher import Watcher


class _Progress:
    modules = ("tqdm.std",)

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        bar = module.tqdm
        iterate, update, close = bar.__iter__, bar.update, bar.close
        bar._harness_loop = None
        """The loop of a bar that the program updates itself."""
        bar._harness_iterated = False

        def __iter__(self: Any) -> Iterator[Any]:  # noqa: N807 - it replaces the method
            if not watcher.is_training():
                yield from iterate(self)
                return
            self._harness_iterated = True  # it then updates itself
            yield from watcher.iterate(iterate(self), make_loop("tqdm", length=self.total))

        def updated(self: Any, n: float = 1) -> Any:
            returned = update(self, n)
            if not self._harness_iterated and watcher.is_training():
                self._harness_loop = self._harness_loop or make_loop("tqdm", length=self.total)
                watcher.end(self._harness_loop)
                if self.total is None or self.n < self.total:
                    watcher.begin(self._harness_loop)
            return returned

        def closed(self: Any) -> Any:
            if self._harness_loop:  # it ended before its total, or has none
                watcher.cancel(self._harness_loop)
            return close(self)

        bar.__iter__, bar.update, bar.close = __iter__, updated, closed


ADAPTER = _Progress()
