"""Marks the epochs of a training loop: `for epoch in epochs(range(n)):`, and `report(loss=...)` for their losses.

Outside of a measurement, `epochs` returns its argument and `report` does nothing. This file uses the standard library
alone, so a project may also keep a copy of it, and then needs no harness to run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

_T = TypeVar("_T")
_WATCHER = "_harness_watcher"
"""The name under which a measured process keeps the object that watches its loops, in `sys.modules`."""


@overload
def epochs(iterable: int, kind: str | Callable[[int], str] | None = None) -> Iterable[int]: ...
@overload
def epochs(iterable: Iterable[_T], kind: str | Callable[[_T], str] | None = None) -> Iterable[_T]: ...
def epochs(iterable: Any, kind: Any = None) -> Any:
    """Return `iterable`, each pass of which is one epoch. A number of epochs stands for `range(number)`.

    Fetching an item belongs to the epoch that uses it. `kind` names these epochs, if others of the same training cost
    differently: a name, or a function of the item that returns one.
    """
    if hasattr(iterable, "__index__") and not hasattr(iterable, "__iter__"):
        iterable = range(iterable)
    watcher: Any = sys.modules.get(_WATCHER)
    return iterable if watcher is None else watcher.watch(iterable, kind)


def report(**losses: Any) -> None:
    """Give losses of the current epoch by name, as numbers or as tensors with one element."""
    watcher: Any = sys.modules.get(_WATCHER)
    if watcher is not None:
        watcher.report(losses)
