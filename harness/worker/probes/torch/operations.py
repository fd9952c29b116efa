"""Observes which operations PyTorch runs, with PyTorch's own profiler.

The part of an operation is the `record_function` in which it ran. One that computes a gradient belongs to the part of
the operation whose gradient it is: both have the same number, which autograd counts up in each thread.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.worker.probes.operations import MARK, Operation, ProfilerProbe

_GRADIENT = "autograd::engine::evaluate_function: "
"""The beginning of the name of an event in which autograd runs the gradient of one operation."""
_FORWARD, _USER = 0, 7
"""The scopes of events for ordinary operations and for a `record_function`, in PyTorch's enumeration `RecordScope`."""


class TorchOperations(ProfilerProbe):
    """The `OperationProbe` of PyTorch."""

    _profiler: Any = None
    _mark: Any = None

    def _start(self, folder: Path) -> None:
        torch: Any = sys.modules["torch"]
        profiler = torch.profiler
        activities = [profiler.ProfilerActivity.CPU]
        if torch.cuda.is_initialized():
            activities.append(profiler.ProfilerActivity.CUDA)
        self._profiler = profiler.profile(activities=activities)
        self._profiler.start()
        self._mark = profiler.record_function(MARK)
        self._mark.__enter__()

    def _stop(self, folder: Path, began: float) -> list[Operation]:
        self._mark.__exit__(None, None, None)
        self._profiler.stop()
        events, self._profiler = self._profiler.events(), None
        return read(events, began)


def read(events: Iterable[Any], began: float) -> list[Operation]:
    """Return the operations among the events of a profile, whose epoch began at `began` by the clock."""
    threads: dict[Any, list[Any]] = {}
    shift = began
    for event in events:
        if event.name == MARK and _is_annotation(event):
            shift = began - event.time_range.start / 1e6
        else:
            device = str(event.device_type).rpartition(".")[2]
            threads.setdefault((device if device != "CPU" else "", event.thread), []).append(event)
    parts: dict[tuple[Any, int], str] = {}
    found: list[Operation] = []
    # The thread of the program comes first: gradients in other threads refer to its operations.
    for (device, number), own in sorted(threads.items(), key=lambda one: one[1][0].time_range.start):
        track = f"{device or 'thread'} {number}"
        for event, part in _find_parts(own, parts):
            start = event.time_range.start / 1e6 + shift
            seconds = (event.time_range.end - event.time_range.start) / 1e6
            found.append(Operation(event.name.removeprefix(_GRADIENT), part, track, start, seconds, device=device))
    return found


def _find_parts(events: list[Any], parts: dict[tuple[Any, int], str]) -> Iterator[tuple[Any, str]]:
    """Yield the operations of one thread with their parts, and note the parts in `parts`, by thread and number."""
    around: list[tuple[float, str]] = []
    for event in sorted(events, key=lambda one: (one.time_range.start, -one.time_range.end)):
        while around and around[-1][0] <= event.time_range.start:
            around.pop()
        part = around[-1][1] if around else ""
        if _is_annotation(event):
            around.append((event.time_range.end, f"{part}/{event.name}" if part else event.name))
            continue
        if event.name.startswith(_GRADIENT):
            part = parts.get((event.fwd_thread, event.sequence_nr), part)
        elif event.scope == _FORWARD and event.sequence_nr >= 0:
            parts.setdefault((event.thread, event.sequence_nr), part)
        around.append((event.time_range.end, part))
        yield event, part


def _is_annotation(event: Any) -> bool:
    """Whether an event is a `record_function`. PyTorch 2.4 tells that by the scope only."""
    return event.scope == _USER or getattr(event, "is_user_annotation", False)
