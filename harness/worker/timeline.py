"""A timeline of a profile."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.worker.probes.base import Span
from harness.worker.trace_file import TraceFile

TRAINING = "training"
_TRACKS = ("epochs", "phases", "tracings")
"""The tracks of the training process, in the order in which they are shown."""


class Timeline:
    """Epochs, phases and tracings on a track each, and the operations of each thread on a track of its own."""

    def __init__(self) -> None:
        self._file = TraceFile()
        for track in _TRACKS:
            self._file.add_track(TRAINING, track)

    def add_epoch(self, what: str, spans: Iterable[Span]) -> None:
        """Add the spans that a probe saw in an epoch. The span without a name is the epoch itself, named `what`.

        Once the file is full, no more operations are added.
        """
        for span in spans:
            training = span.process == TRAINING
            if training or not self._file.full:
                scope = None if training else {"scope": span.scope}
                self._file.add(span.process, span.track, span.name or what, span.began * 1e6, span.seconds * 1e6, scope)

    def write(self, file: Path) -> None:
        self._file.write(file)
