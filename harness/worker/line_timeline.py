"""A timeline of epochs whose operations were timed, by the lines of the program that they come from.

Each operation lies inside the slices of the lines that led to it, the innermost line next to it. So Perfetto shows a
flame chart of an epoch, and speedscope's "left heavy" view a flame graph.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.worker.probes.flames import TICKS, Frames, Segment, Slice, add_up, flatten, nest, to_ticks
from harness.worker.probes.operations import Operation
from harness.worker.probes.places import Line, Stack, name_line
from harness.worker.probes.sampler import Sampled
from harness.worker.probes.spent import MOST_KEPT, Spent
from harness.worker.trace_file import MOST_EVENTS, TraceFile
from harness.worker.wire.messages import EPOCH

PROCESS = "lines of the program"
SUMS, BETWEEN, EPOCHS = "all threads, added up", "between operations, sampled", "epochs"
"""The tracks that are not those of a thread."""
UNKNOWN = "(not attributed)"
MOST_TEXT = 100
"""Maximum length of the text of a line."""

_Drawn = list[tuple[str, Slice]]
"""Slices, each with its track."""


def draw(timed: Mapping[str, Sequence[Spent]], sampled: Sequence[Sampled], most: int = MOST_EVENTS) -> TraceFile | None:
    """Draw epochs by kind, from which the table of time by line is, with at most about `most` slices. None if nothing
    was timed in them.

    Each kind is a process of its own whose time begins at 0. Its first track has the seconds of that table, the largest
    first and not in the order of time. The others have the epochs, each directly after the one before.
    """
    kinds = {kind: epochs for kind, epochs in timed.items() if any(one.operations for one in epochs)}
    file = TraceFile()
    names = _Names(
        [
            *(stack for epochs in kinds.values() for spent in epochs for stack in _list_stacks(spent)),
            *(sample.stack for one in sampled for sample in one.samples),
        ]
    )
    for kind, epochs in kinds.items():
        process = PROCESS if kind == EPOCH else f"{PROCESS}: {kind}"
        of_kind = [one for one in sampled if one.kind == kind]
        drawn = _draw_kind(kind, epochs, of_kind, most // len(kinds), names)
        for track in _order_tracks(epochs):
            for name, begin, end in (one for on, one in drawn if on == track):
                file.add(process, track, name, begin * 1e6 / TICKS, (end - begin) * 1e6 / TICKS)
    return file if kinds else None


def _list_stacks(spent: Spent) -> set[Stack]:
    return {*spent.by_stack, *(stack for _, stack in spent.operations)}


def _order_tracks(epochs: Sequence[Spent]) -> list[str]:
    threads = Counter[str]()
    for spent in epochs:
        for one, _ in spent.operations:
            threads[one.thread] += one.seconds  # type: ignore[assignment]  # typeshed: int counts only
    return [SUMS, *(thread for thread, _ in threads.most_common()), BETWEEN, EPOCHS]


def _draw_kind(kind: str, epochs: Sequence[Spent], sampled: Sequence[Sampled], room: int, names: _Names) -> _Drawn:
    found: _Drawn = [(SUMS, one) for one in nest(add_up(_share_out(epochs, names)), inner=0)[: room // 2]]
    at, latest = 0.0, 0
    for spent in epochs:
        left = room - len(found)
        if not spent.operations or latest > left:  # epochs of a kind have about as many slices each
            continue
        epoch = _Epoch(kind, spent, sampled, at, names)
        drawn = epoch.draw()
        if latest and len(drawn) > left:
            break
        complete = len(drawn) <= left and len(spent.operations) < MOST_KEPT
        # They are in order, so that the beginning of the first epoch is drawn if it is too large.
        found += [*drawn[:left], (EPOCHS, epoch.slice("" if complete else " (drawn in part)"))]
        at, latest = at + epoch.seconds, len(drawn)
    return found


def _share_out(epochs: Sequence[Spent], names: _Names) -> Mapping[Frames, float]:
    """Return the mean seconds of each operation with the lines that led to it."""
    found = defaultdict[Frames, float](float)
    for spent in epochs:
        own, sums = defaultdict[tuple[Stack, str], float](float), defaultdict[Stack, float](float)
        for one, stack in spent.operations:
            seconds = max(0.0, one.own)  # it is below 0 where operations overlap in part
            own[stack, one.type] += seconds
            sums[stack] += seconds
        scales = {stack: spent.by_stack[stack] / seconds / len(epochs) for stack, seconds in sums.items() if seconds}
        for (stack, type_), seconds in own.items():
            frames = (*names.frames(stack), type_)
            found[frames] += seconds * scales.get(stack, 0.0)
        for stack in spent.by_stack.keys() - scales.keys():  # too many operations to keep all
            found[names.frames(stack)] += spent.by_stack[stack] / len(epochs)
    return found


class _Epoch:
    """One epoch, which begins on its tracks at `at` seconds."""

    def __init__(self, kind: str, spent: Spent, sampled: Sequence[Sampled], at: float, names: _Names) -> None:
        last = max(one.start + one.seconds for one, _ in spent.operations)
        own = [one for one in sampled if one.began <= last]
        self._spent, self._sampled, self._at, self._names = spent, own[-1] if own else None, at, names
        self._name = f"{kind} {own[-1].index}" if own else kind
        begins = [one.start for one, _ in spent.operations] + [one.began for one in own[-1:]]
        self._began = min(begins)
        self.seconds = max([last, *(one.ended for one in own[-1:])]) - self._began

    def slice(self, note: str = "") -> Slice:
        return Slice(self._name + note, to_ticks(self._at), to_ticks(self._at + self.seconds))

    def draw(self) -> _Drawn:
        """Return the slices of its operations and of what ran between them, by their beginning."""
        threads: dict[str, list[tuple[Operation, Stack]]] = {}
        for one, stack in self._spent.operations:
            threads.setdefault(one.thread, []).append((one, stack))
        found = [(thread, one) for thread, own in threads.items() for one in self._draw_thread(own)]
        if self._sampled and self._spent.wall is not None:
            found += [(BETWEEN, one) for one in self._draw_between(self._sampled)]
        return sorted(found, key=lambda one: one[1].begin)

    def _draw_thread(self, own: Sequence[tuple[Operation, Stack]]) -> list[Slice]:
        return nest(
            flatten(
                (self._shift(one.start), self._shift(one.start + one.seconds), (*self._names.frames(stack), one.type))
                for one, stack in own
            ),
            inner=2,  # the line and its operation
        )

    def _draw_between(self, sampled: Sampled) -> list[Slice]:
        times = (
            Segment(to_ticks(self._shift(begin)), to_ticks(self._shift(end)), self._names.frames(stack))
            for begin, end, stack in sampled.find_outside(self._spent.ran)
        )
        return nest((one for one in times if one.end > one.begin), inner=1)

    def _shift(self, clock: float) -> float:
        return clock - self._began + self._at


class _Names:
    """Names the slices of `stacks`."""

    def __init__(self, stacks: Iterable[Stack]) -> None:
        distinct = set(stacks)
        lines = {line for stack in distinct for line in stack}
        files = Counter(Path(path).name for path in {line.path for line in lines})
        described = {line: _describe(line, files[Path(line.path).name] == 1) for line in lines}
        self._frames = {stack: tuple(described[line] for line in reversed(stack)) or (UNKNOWN,) for stack in distinct}

    def frames(self, stack: Stack) -> Frames:
        return self._frames[stack]


def _describe(line: Line, briefly: bool) -> str:
    where, text = name_line(line)
    return f"{where.rpartition('/')[2] if briefly else where} {text}"[:MOST_TEXT].rstrip()
