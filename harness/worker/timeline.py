"""What happened when, in the format of Chrome's traces, which Perfetto and chrome://tracing open.

Of the format ("Trace Event Format", Google, 2016) it uses complete events and names of processes and threads.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from harness.worker.probes.tensorflow.operations import Operation

Spans = Iterable[tuple[str, float, float]]
"""Name, when it began by the clock of `perf_counter`, and seconds."""

MOST_EVENTS = 200_000
"""Beyond these, no more operations are drawn: a viewer would choke, and what follows looks like what was before."""
_TRAINING, _TENSORFLOW = 1, 2
_EPOCHS, _PHASES, _TRACINGS = 1, 2, 3


class Timeline:
    """Epochs, their phases and their tracings, each on a track of its own; and the operations of each thread."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._threads: dict[str, int] = {}
        self._name("process_name", _TRAINING, 0, "training")
        for track, name in ((_EPOCHS, "epochs"), (_PHASES, "phases"), (_TRACINGS, "tracings")):
            self._name("thread_name", _TRAINING, track, name)
        self._name("process_name", _TENSORFLOW, 0, "TensorFlow's operations")

    def add_epoch(self, what: str, phases: Spans, tracings: Spans, operations: Iterable[Operation]) -> None:
        """An epoch, called `what`, of which the span without a name among `phases` is the whole."""
        for name, began, seconds in phases:
            self._add(name or what, _TRAINING, _PHASES if name else _EPOCHS, began, seconds)
        for function, began, seconds in tracings:
            self._add(f"tracing {function}", _TRAINING, _TRACINGS, began, seconds)
        for one in operations:
            if len(self._events) < MOST_EVENTS:
                self._add(one.type, _TENSORFLOW, self._thread(one.thread), one.start, one.seconds, scope=one.part)

    def write(self, file: Path) -> None:
        file.write_bytes(msgspec.json.encode({"traceEvents": self._events, "displayTimeUnit": "ms"}))

    def _thread(self, name: str) -> int:
        if name not in self._threads:
            self._threads[name] = len(self._threads) + 1
            self._name("thread_name", _TENSORFLOW, self._threads[name], name.split("/")[0])
        return self._threads[name]

    def _add(self, name: str, process: int, thread: int, began: float, seconds: float, **more: str) -> None:
        event = {"name": name, "ph": "X", "pid": process, "tid": thread, "ts": began * 1e6, "dur": seconds * 1e6}
        self._events.append(event | ({"args": more} if more else {}))

    def _name(self, what: str, process: int, thread: int, name: str) -> None:
        self._events.append({"name": what, "ph": "M", "pid": process, "tid": thread, "args": {"name": name}})
