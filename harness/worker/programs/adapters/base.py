"""The interface of an adapter, which tells a watcher where the epochs of a library's training loops begin and end."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from types import FrameType, ModuleType
from typing import Any, Protocol

from harness.worker.imports.ownership import is_own
from harness.worker.programs.watcher import Loop, Watcher

_LOOP = "_harness_loop"
"""The attribute in which an object of a library keeps the loop that it runs."""


class Adapter(Protocol):
    """Watches the loops of one library."""

    modules: tuple[str, ...]
    """The modules that define the loops. `install` is called once for each that is imported."""

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        """Watch the loops that `module` defines."""


def watch_methods(
    owner: type,
    watcher: Watcher,
    *,
    begin: str,
    end: str,
    stop: str,
    loop: Callable[[Any], Loop],
    losses: Callable[..., Mapping[str, Any] | None] = lambda *_arguments, **_named: None,
) -> None:
    """Watch a class whose methods `begin` and `end` are called before and after each epoch, and `stop` after the last.

    `loop` makes the loop of an object of the class. `losses` returns those of an epoch, from the object and the
    arguments of `end`.
    """
    if _LOOP in vars(owner):  # several modules may export the same class
        return
    before, after, last = (getattr(owner, name) for name in (begin, end, stop))

    @functools.wraps(before)
    def begins(self: Any, *arguments: Any, **named: Any) -> Any:
        if getattr(self, _LOOP) is None:
            setattr(self, _LOOP, loop(self))
        watcher.begin(getattr(self, _LOOP))
        return before(self, *arguments, **named)

    @functools.wraps(after)
    def ends(self: Any, *arguments: Any, **named: Any) -> Any:
        returned = after(self, *arguments, **named)
        if getattr(self, _LOOP) is not None:
            watcher.end(getattr(self, _LOOP), losses(self, *arguments, **named))
        return returned

    @functools.wraps(last)
    def stops(self: Any, *arguments: Any, **named: Any) -> Any:
        if getattr(self, _LOOP) is not None:  # an epoch that began, and then found that there was nothing left to do
            watcher.cancel(getattr(self, _LOOP))
        return last(self, *arguments, **named)

    for name, value in ((_LOOP, None), (begin, begins), (end, ends), (stop, stops)):
        setattr(owner, name, value)


def make_loop(library: str, kind: str | None = None, length: int | None = None) -> Loop:
    """Make the loop of a call in the program's own code: the nearest caller that is not installed."""
    frame: FrameType | None = sys._getframe(1)
    while frame and not is_own(frame.f_code.co_filename):
        frame = frame.f_back
    place = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "?"
    return Loop(f"{library} at {place}", kind, by_adapter=True, length=length)
