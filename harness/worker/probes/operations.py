"""Observes which operations a framework runs in an epoch, when, and for how long, with the framework's own profiler.

Under a profiler operations take longer, and the small ones most of all. So these probes have a pass of their own.
"""

from __future__ import annotations

import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from harness.worker.probes.base import Framework, Span
from harness.worker.wire.evidence import OPERATIONS, OTHERS, OperationsUse, OperationUse
from harness.worker.wire.reasons import one_line

MOST = 100
MARK = "harness: an epoch"
"""The name of the event that marks an epoch in a profile, and relates its clock to ours."""


class Unprofiled(Exception):
    """A profiler cannot tell which operations run. The message is the reason."""


@dataclass
class Operation:
    """One run of one operation. Times are in seconds; `start` is by the clock of `perf_counter`."""

    type: str
    part: str
    """The scope in which it was created, or empty."""
    thread: str
    """The thread, or the stream of an accelerator."""
    start: float
    seconds: float
    own: float = 0.0
    """Seconds without the operations that ran inside it in the same thread."""
    device: str = ""
    """The kind of accelerator that it ran on, or empty for processors."""
    moved: int | None = None
    """The bytes of its operands and its results. None if they are not known."""


class ProfilerProbe(ABC):
    """Profiles one epoch at a time with the profiler of `framework`."""

    name = OPERATIONS

    def __init__(self, framework: Framework) -> None:
        self._framework = framework
        self._reason: str | None = None
        """Why the operations of the latest epoch could not be observed, or None."""
        self._folder: Path | None = None
        """The folder for the profiler's output, while it runs."""
        self._began = 0.0
        self._latest: list[Operation] = []

    @abstractmethod
    def _start(self, folder: Path) -> None:
        """Start the profiler, which may write to `folder`, and let an event named `MARK` begin."""

    @abstractmethod
    def _stop(self, folder: Path, began: float) -> list[Operation]:
        """Let that event end, stop the profiler and return the operations, in no order.

        The event began at `began` by the clock.
        """

    def is_used(self) -> bool:
        return self._framework.loaded is not None and self._framework.computes()

    @property
    def unavailable(self) -> Mapping[str, str]:
        return {OPERATIONS: self._reason} if self._reason else {}

    def begin(self, fresh: bool) -> None:
        self._folder, self._reason, self._latest = None, None, []
        if not self.is_used():
            return
        folder = Path(tempfile.mkdtemp(prefix="operations-"))
        try:
            self._start(folder)
        except Exception as error:  # the trainer may have started the profiler itself
            shutil.rmtree(folder, ignore_errors=True)
            self._reason = (
                str(error)
                if isinstance(error, Unprofiled)
                else f"{self._framework.name}'s profiler did not start: {one_line(error)}"
            )
            return
        self._folder = folder
        self._began = perf_counter()

    def end(self, wall: float) -> OperationsUse | None:
        self._latest = self._read_profile()
        # What processors do for accelerators is mostly to wait for them, or to keep them waiting.
        ran = [one for one in self._latest if one.device] or self._latest
        return OperationsUse(summed(ran), busy(ran), ran[0].device) if ran else None

    def spans(self) -> Iterable[Span]:
        process = f"{self._framework.name}'s operations"
        return [Span(process, one.thread, one.type, one.start, one.seconds, one.part) for one in self._latest]

    def _read_profile(self) -> list[Operation]:
        if self._folder is None:
            return []
        try:
            found = self._stop(self._folder, self._began)
            set_own_times(found)
            return found
        except Unprofiled as error:
            self._reason = str(error)
            return []
        except Exception as error:  # an error here must not end the user's run
            self._reason = f"the output of {self._framework.name}'s profiler could not be read: {one_line(error)}"
            return []
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def busy(operations: list[Operation]) -> float:
    """Return the seconds in which at least one of the operations ran."""
    total, until = 0.0, float("-inf")
    for one in sorted(operations, key=lambda one: one.start):
        end = one.start + one.seconds
        total += max(0.0, end - max(one.start, until))
        until = max(until, end)
    return total


def summed(operations: list[Operation]) -> list[OperationUse]:
    """Return the total times of the operations by type and part.

    The `MOST` largest come first, in descending order, followed by one entry for all others together.
    """
    uses: dict[tuple[str, str], list[Operation]] = {}
    for one in operations:
        uses.setdefault((one.type, one.part), []).append(one)
    found = [OperationUse(*key, len(own), sum(one.own for one in own)) for key, own in uses.items()]
    found.sort(key=lambda use: -use.own)
    rest = found[MOST:]
    others = OperationUse(OTHERS, "", sum(use.calls for use in rest), sum(use.own for use in rest))
    return [*found[:MOST], *([others] if rest else [])]


def set_own_times(operations: list[Operation]) -> None:
    """Set the own times of the operations of one process."""
    for own in _group_by_thread(operations):
        under_way: list[Operation] = []
        for one in sorted(own, key=lambda one: (one.start, -one.seconds)):
            while under_way and under_way[-1].start + under_way[-1].seconds <= one.start:
                under_way.pop()
            one.own = one.seconds
            if under_way:
                under_way[-1].own -= one.seconds
            under_way.append(one)


def _group_by_thread(operations: list[Operation]) -> Iterator[list[Operation]]:
    threads: dict[str, list[Operation]] = {}
    for one in operations:
        threads.setdefault(one.thread, []).append(one)
    yield from threads.values()
