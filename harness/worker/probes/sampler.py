"""Samples which line of the user's own code runs, while epochs run whose operations are timed.

Operations know their lines from their framework. What passes between them, in Python, in NumPy or in waiting, does not.
A sample stands for the time since the one before, without that in which operations ran: a function of NumPy that lets
no other thread run is followed by one sample, however long it took.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from types import FrameType
from typing import NamedTuple

from harness.worker.probes.flames import cut_out
from harness.worker.probes.places import Line, Stack, find_stack, name_line
from harness.worker.wire.evidence import Between

INTERVAL = 0.0005
"""Seconds between two samples. A sample has to wait until the program lets another thread run."""
FEWEST = 10
"""Samples below which nothing is said."""
MOST = 10
"""Maximum number of lines of a kind of epoch."""
_HARNESS = str(Path(__file__).parents[2])
around: set[str] = set()
"""Files of harness that run around each operation, and say what that takes in the times in which operations ran. So
most samples fall into them, and are no less those of the program."""

Intervals = Sequence[tuple[float, float]]
"""Beginnings and ends by the clock."""


class _Sample(NamedTuple):
    at: float
    stack: Stack = ()
    ours: bool = False
    """Whether harness itself ran, which it would not in training."""


@dataclass
class Sampled:
    """An epoch that was sampled. Times are those of the clock."""

    kind: str
    index: int
    samples: list[_Sample]
    ended: float = 0.0

    @property
    def began(self) -> float:
        return self.samples[0].at

    def find_outside(self, ran: Intervals) -> Iterator[tuple[float, float, Stack]]:
        """Yield the times in which nothing of `ran` did, and the program's stack at each, in order."""
        starts, ends = _merge(ran)
        for before, sample in pairwise(self.samples):
            if not sample.ours:
                yield from ((*times, sample.stack) for times in cut_out(before.at, sample.at, starts, ends))


class Sampler:
    """Samples the thread that enters `watching`."""

    def __init__(self) -> None:
        self.epochs: list[Sampled] = []

    @contextmanager
    def watching(self, kind: str, index: int = 0) -> Iterator[None]:
        """Sample the epoch of `kind` that runs in this context."""
        done = threading.Event()
        found = [_Sample(perf_counter())]  # what the first one stands for begins here
        epoch = Sampled(kind, index, found)
        self.epochs.append(epoch)
        thread = threading.Thread(
            target=_sample, args=(threading.get_ident(), found, done), name="harness: sampler", daemon=True
        )
        before = sys.getswitchinterval()
        with suppress(RuntimeError):  # no further thread may be started: then nothing is sampled
            thread.start()
        sys.setswitchinterval(min(before, INTERVAL))
        try:
            yield
        finally:
            done.set()
            if thread.ident is not None:
                thread.join()
            epoch.ended = perf_counter()
            sys.setswitchinterval(before)

    def forget_latest(self) -> None:
        """Forget the latest epoch, which was none."""
        self.epochs.pop()

    def between(self, ran: Mapping[str, Intervals]) -> dict[str, list[Between]]:
        """Return the lines that ran outside of these times, in which operations and compiled functions ran, by kind of
        epoch."""
        latest = {one.kind: one.samples for one in self.epochs}
        found = {kind: _find_outside(own, ran[kind]) for kind, own in latest.items() if kind in ran}
        return {kind: lines for kind, lines in found.items() if lines}


def _sample(thread: int, found: list[_Sample], done: threading.Event) -> None:
    while not done.wait(INTERVAL):
        frame = sys._current_frames().get(thread)
        if frame is not None:
            found.append(_Sample(perf_counter(), find_stack(frame), _is_ours(frame)))
        del frame  # it would keep the program's objects alive


def _is_ours(frame: FrameType | None) -> bool:
    innermost = True
    while frame is not None and (path := frame.f_code.co_filename).startswith(_HARNESS):
        if path in around:
            return False
        frame, innermost = frame.f_back, False
    return not innermost


def _find_outside(own: Sequence[_Sample], ran: Intervals) -> list[Between]:
    starts, ends = _merge(ran)
    seconds = Counter[Line | None]()
    samples = 0
    for before, sample in pairwise(own):
        part = sum(end - begin for begin, end in cut_out(before.at, sample.at, starts, ends))
        if not sample.ours and part > 0:
            samples += 1
            seconds[sample.stack[0] if sample.stack else None] += part  # type: ignore[assignment]  # typeshed: int counts only
    if samples < FEWEST:
        return []
    return [Between(*name_line(line), own) for line, own in seconds.most_common(MOST)]


def _merge(ran: Intervals) -> tuple[list[float], list[float]]:
    """Return the beginnings and ends of the times in which anything ran, in their order."""
    starts: list[float] = []
    ends: list[float] = []
    for start, end in sorted(ran):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends
