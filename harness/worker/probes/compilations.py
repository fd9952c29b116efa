"""The compilations that a probe of tracings collects, as a probe of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from harness.worker.wire.evidence import COMPILATIONS, Compilation


class Collecting(Protocol):
    """A probe that collects compilations as well. It must observe the same epochs, and end before them."""

    idle: bool

    def compilations(self) -> list[Compilation]:
        """Return the compilations of the epoch that has just ended."""


class CollectedCompilations:
    """The compilations that another probe collects."""

    name = COMPILATIONS
    unavailable: Mapping[str, str] = {}

    def __init__(self, collecting: Collecting) -> None:
        self._collecting = collecting

    @property
    def idle(self) -> bool:
        return self._collecting.idle

    def begin(self, fresh: bool) -> None:
        pass

    def end(self, wall: float = 0.0) -> list[Compilation]:
        return self._collecting.compilations()
