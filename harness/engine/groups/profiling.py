"""A pass: some epochs of one arm under a probe that costs time, in a process of their own."""

from collections.abc import Iterator
from contextlib import nullcontext

from harness.engine.groups.group import Group
from harness.engine.machine.rss_sampler import MemoryLine
from harness.record.events import Event, Progress
from harness.record.schema import MEMORY_LINE, TIMELINE, BlockStart
from harness.schedule import turns
from harness.worker.wire.evidence import MEMORY, OPERATIONS

PASS_SECONDS = 120.0
"""After so long a pass ends with the epoch under way."""
MOST_PROFILED = 5
"""Epochs of a kind in a row, whose operations are seen: each is some thousand of them."""


class Profiling:
    """Runs the one arm of `group` in the pass `watch`. Its epochs stand apart in the record: they time nothing."""

    def __init__(self, group: Group, watch: str) -> None:
        self._group, self._watch = group, watch

    def run(self) -> Iterator[Event]:
        (label,) = self._group.arms
        probe = self._watch
        try:
            yield BlockStart(self._group.block, self._group.number, [label])
            yield from self._group.build([label])
            if label in self._group.live:
                yield Progress(self._group.block, f"watching its {probe}", label)
                pace = self._group.known.paces.get(label, {})
                most = MOST_PROFILED if probe == OPERATIONS else None
                indices = turns.watched(self._group.plan, label, self._group.descriptions, pace, most)
                line = MemoryLine(self._group.live[label].pid, self._group.logs / MEMORY_LINE, label)
                with line if probe == MEMORY else nullcontext():
                    timeline = None
                    if probe == OPERATIONS:
                        timeline = self._group.logs.parent.absolute() / TIMELINE  # a trainer may change its directory
                    yield from self._group.slice(
                        label, indices, 0, 0, probe=probe, timeline=timeline, seconds=PASS_SECONDS
                    )
                yield from self._group.end("ok")
        finally:
            self._group.close()
