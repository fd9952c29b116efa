"""A pass: some epochs of one arm under a probe that costs time, in a process of their own."""

from collections.abc import Iterator
from contextlib import nullcontext

from harness import turns
from harness.engine.group import Group
from harness.engine.memory_line import MemoryLine
from harness.events import Event, Progress
from harness.lines import BlockStart
from harness.probes.watching import MEMORY


class Probing(Group):
    """Runs the one arm that it has. Its epochs stand apart in the record: nothing is timed by them."""

    def watch(self, probe: str) -> Iterator[Event]:
        (label,) = self.arms
        try:
            yield BlockStart(self.block, self.number, [label])
            yield from self._build([label])
            if label in self.live:
                yield Progress(self.block, f"watching its {probe}", label)
                indices = turns.watched(self.plan, label, self.descriptions, self.known.paces.get(label, {}))
                line = MemoryLine(self.live[label].pid, self.logs / f"block{self.block}-memory.dat", label)
                with line if probe == MEMORY else nullcontext():
                    yield from self._slice(label, indices, 0, 0, probe=probe)
                yield from self._end("ok")
        finally:
            self._close()
