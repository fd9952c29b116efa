"""A timeline of a profile in Chrome's trace format, which Perfetto and chrome://tracing open.

It uses the complete events and the process and thread names of that format ("Trace Event Format", Google, 2016).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.worker.probes.base import Span

MOST_EVENTS = 200_000
"""Maximum number of events, beyond which no more operations are added. More would make a viewer unusable, and later
epochs look like earlier ones."""
TRAINING = "training"
_TRACKS = ("epochs", "phases", "tracings")
"""The tracks of the training process, in the order in which they are shown."""


class Timeline:
    """Epochs, phases and tracings on a track each, and the operations of each thread on a track of its own."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._tracks: dict[tuple[str, str], tuple[int, int]] = {}
        for track in _TRACKS:
            self._find_track(TRAINING, track)

    def add_epoch(self, what: str, spans: Iterable[Span]) -> None:
        """Add the spans that a probe saw in an epoch. The span without a name is the epoch itself, named `what`."""
        for span in spans:
            if span.process == TRAINING or len(self._events) < MOST_EVENTS:
                self._add_span(span._replace(name=span.name or what))

    def write(self, file: Path) -> None:
        file.write_text(json.dumps({"traceEvents": self._events, "displayTimeUnit": "ms"}), encoding="utf-8")

    def _add_span(self, span: Span) -> None:
        process, track = self._find_track(span.process, span.track)
        event = {"name": span.name, "ph": "X", "pid": process, "tid": track}
        event |= {"ts": span.began * 1e6, "dur": span.seconds * 1e6}
        more = {"args": {"scope": span.scope}} if span.process != TRAINING else {}
        self._events.append(event | more)

    def _find_track(self, process: str, track: str) -> tuple[int, int]:
        """Return the numbers of a process and its track in the file, and add events that name them on first use."""
        if (process, track) not in self._tracks:
            processes = list(dict.fromkeys(known for known, _ in self._tracks))
            number = processes.index(process) + 1 if process in processes else len(processes) + 1
            thread = sum(known == process for known, _ in self._tracks) + 1
            if process not in processes:
                self._add_name_event("process_name", number, 0, process)
            self._add_name_event("thread_name", number, thread, track.partition("/")[0])
            self._tracks[process, track] = number, thread
        return self._tracks[process, track]

    def _add_name_event(self, what: str, process: int, thread: int, name: str) -> None:
        self._events.append({"name": what, "ph": "M", "pid": process, "tid": thread, "args": {"name": name}})
