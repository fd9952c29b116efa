"""Loops over a progress bar of tqdm, once a framework is loaded: before that, a bar shows something else than training.

A bar inside another one, such as one over batches, belongs to the outer one's epochs.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop
from harness.worker.programs.watcher import Loop, Watcher


class _Progress:
    modules = ("tqdm.std",)

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        bar = module.tqdm
        iterate, update = bar.__iter__, bar.update
        by_hand: dict[int, Loop] = {}
        """The loops whose bars the program updates itself."""
        iterated: set[int] = set()

        def __iter__(self: Any) -> Iterator[Any]:  # noqa: N807 - it replaces the method
            if not watcher.is_training():
                yield from iterate(self)
                return
            iterated.add(id(self))
            try:
                yield from watcher.iterate(iterate(self), make_loop("tqdm"))
            finally:
                iterated.discard(id(self))

        def updated(self: Any, n: float = 1) -> Any:
            returned = update(self, n)
            if id(self) not in iterated and watcher.is_training():
                loop = by_hand.setdefault(id(self), make_loop("tqdm"))
                loop.length = self.total
                watcher.end(loop)
                if self.total is None or self.n < self.total:
                    watcher.begin(loop)
            return returned

        bar.__iter__, bar.update = __iter__, updated


ADAPTER = _Progress()
