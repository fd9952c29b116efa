"""A pass: some epochs of one arm under a probe that costs time, in a process of their own."""

from collections.abc import Iterator
from contextlib import nullcontext

from harness.engine.groups.group import Group
from harness.engine.machine.rss_sampler import MemoryLine
from harness.plan.plan import MEMORY, OPERATIONS
from harness.record.events import Event, Progress
from harness.record.schema import MEMORY_LINE, TIMELINE, BlockStart
from harness.schedule import turns

PASS_SECONDS = 120.0
"""After so long a pass ends with the epoch under way."""
MOST_PROFILED = 5
"""Epochs of a kind in a row, whose operations are seen: each is some thousand of them."""


class Probing(Group):
    """Runs the one arm that it has. Its epochs stand apart in the record: nothing is timed by them."""

    def watch(self, probe: str) -> Iterator[Event]:
        (label,) = self.arms
        self.exact_memory = probe == MEMORY and self.plan.exact_memory
        try:
            yield BlockStart(self.block, self.number, [label])
            yield from self._build([label])
            if label in self.live:
                yield Progress(self.block, f"watching its {probe}", label)
                pace = self.known.paces.get(label, {})
                most = MOST_PROFILED if probe == OPERATIONS else None
                indices = turns.watched(self.plan, label, self.descriptions, pace, most)
                line = MemoryLine(self.live[label].pid, self.logs / MEMORY_LINE, label)
                with line if probe == MEMORY else nullcontext():
                    timeline = None
                    if probe == OPERATIONS:
                        timeline = self.logs.parent.absolute() / TIMELINE  # a trainer may change its directory
                    yield from self._slice(label, indices, 0, 0, probe=probe, timeline=timeline, seconds=PASS_SECONDS)
                yield from self._end("ok")
        finally:
            self._close()
