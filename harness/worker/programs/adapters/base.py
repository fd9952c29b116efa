"""The interface of an adapter, which tells a watcher where the epochs of a library's training loops begin and end."""

from __future__ import annotations

import sys
from types import FrameType, ModuleType
from typing import Protocol

from harness.worker.programs.watcher import Loop, Watcher


class Adapter(Protocol):
    """Watches the loops of one library."""

    modules: tuple[str, ...]
    """The modules that define the loops. `install` is called once for each that is imported."""

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        """Watch the loops that `module` defines."""


def make_loop(library: str, packages: tuple[str, ...]) -> Loop:
    """Make the loop of a call in the program's own code, the nearest caller outside `packages`."""
    frame: FrameType | None = sys._getframe(1)
    while frame and _is_within(str(frame.f_globals.get("__name__")), (*packages, "harness")):
        frame = frame.f_back
    place = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "?"
    return Loop(f"{library} at {place}", by_adapter=True)


def _is_within(name: str, packages: tuple[str, ...]) -> bool:
    return name.partition(".")[0] in packages
