"""Files in Chrome's trace format, which Perfetto, chrome://tracing and speedscope open.

They have the complete events and the process and thread names of that format ("Trace Event Format", Google, 2016).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MOST_EVENTS = 200_000
"""Maximum number of events of a file. More would make a viewer unusable, and later epochs look like earlier ones."""


class TraceFile:
    """Spans of time on tracks, each of which belongs to a process. Text in the name of a track after a slash
    distinguishes tracks of the same name and is not shown."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._tracks: dict[tuple[str, str], tuple[int, int]] = {}

    @property
    def full(self) -> bool:
        return len(self._events) >= MOST_EVENTS

    def add_track(self, process: str, track: str) -> tuple[int, int]:
        """Return the numbers of a process and its track in the file, and add events that name them on first use.

        Viewers show tracks in the order in which they were added.
        """
        if (process, track) not in self._tracks:
            processes = list(dict.fromkeys(known for known, _ in self._tracks))
            number = processes.index(process) + 1 if process in processes else len(processes) + 1
            thread = sum(known == process for known, _ in self._tracks) + 1
            if process not in processes:
                self._add_name_event("process_name", number, 0, process)
            self._add_name_event("thread_name", number, thread, track.partition("/")[0])
            self._tracks[process, track] = number, thread
        return self._tracks[process, track]

    def add(
        self, process: str, track: str, name: str, began: float, duration: float, args: dict[str, str] | None = None
    ) -> None:
        """Add a span; times are in microseconds. Spans of a track must lie inside each other or apart.

        speedscope takes spans of the same name with other `args` for different ones.
        """
        number, thread = self.add_track(process, track)
        event = {"name": name, "ph": "X", "pid": number, "tid": thread, "ts": began, "dur": duration}
        self._events.append(event | ({"args": args} if args else {}))

    def write(self, file: Path) -> None:
        file.write_text(json.dumps({"traceEvents": self._events, "displayTimeUnit": "ms"}), encoding="utf-8")

    def _add_name_event(self, what: str, process: int, thread: int, name: str) -> None:
        # Older versions of speedscope refuse a file in which any event has no time.
        self._events.append({"name": what, "ph": "M", "pid": process, "tid": thread, "ts": 0, "args": {"name": name}})
