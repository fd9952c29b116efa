"""What happened when, in the format of Chrome's traces, which Perfetto and chrome://tracing open.

Of the format ("Trace Event Format", Google, 2016) it uses complete events and names of processes and threads.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.worker.probes.base import Span

MOST_EVENTS = 200_000
"""Beyond these, no more operations are drawn: a viewer would choke, and what follows looks like what was before."""
TRAINING = "training"
_TRACKS = ("epochs", "phases", "tracings")
"""Of training, in the order in which they are shown."""


class Timeline:
    """Epochs, their phases and their tracings, each on a track of its own; and the operations of each thread."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._tracks: dict[tuple[str, str], tuple[int, int]] = {}
        for track in _TRACKS:
            self._track(TRAINING, track)

    def add_epoch(self, what: str, spans: Iterable[Span]) -> None:
        """What probes saw of an epoch, called `what`: that is the span without a name."""
        for span in spans:
            if span.process == TRAINING or len(self._events) < MOST_EVENTS:
                self._add(span._replace(name=span.name or what))

    def write(self, file: Path) -> None:
        file.write_text(json.dumps({"traceEvents": self._events, "displayTimeUnit": "ms"}), encoding="utf-8")

    def _add(self, span: Span) -> None:
        process, track = self._track(span.process, span.track)
        event = {"name": span.name, "ph": "X", "pid": process, "tid": track}
        event |= {"ts": span.began * 1e6, "dur": span.seconds * 1e6}
        more = {"args": {"scope": span.scope}} if span.process != TRAINING else {}
        self._events.append(event | more)

    def _track(self, process: str, track: str) -> tuple[int, int]:
        """The numbers that a viewer knows them by; they are named when they first appear."""
        if (process, track) not in self._tracks:
            processes = list(dict.fromkeys(known for known, _ in self._tracks))
            number = processes.index(process) + 1 if process in processes else len(processes) + 1
            thread = sum(known == process for known, _ in self._tracks) + 1
            if process not in processes:
                self._name("process_name", number, 0, process)
            self._name("thread_name", number, thread, track.partition("/")[0])
            self._tracks[process, track] = number, thread
        return self._tracks[process, track]

    def _name(self, what: str, process: int, thread: int, name: str) -> None:
        self._events.append({"name": what, "ph": "M", "pid": process, "tid": thread, "args": {"name": name}})
