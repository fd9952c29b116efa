"""The interface of an adapter, which tells a watcher where the epochs of a library's training loops begin and end."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from types import FrameType, ModuleType
from typing import Protocol

from harness.worker.programs.watcher import Loop, Watcher

_INSTALLED = {"site-packages", "dist-packages"}
_STANDARD = sysconfig.get_paths()["stdlib"]
_OURS = str(Path(__file__).parents[2])


class Adapter(Protocol):
    """Watches the loops of one library."""

    modules: tuple[str, ...]
    """The modules that define the loops. `install` is called once for each that is imported."""

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        """Watch the loops that `module` defines."""


def make_loop(library: str) -> Loop:
    """Make the loop of a call in the program's own code: the nearest caller that is not installed."""
    frame: FrameType | None = sys._getframe(1)
    while frame and not _is_own(frame.f_code.co_filename):
        frame = frame.f_back
    place = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "?"
    return Loop(f"{library} at {place}", by_adapter=True)


def _is_own(file: str) -> bool:
    """Whether a source file is the program's own."""
    installed = _INSTALLED.intersection(Path(file).parts) or file.startswith((_STANDARD, _OURS, "<"))
    return not installed
