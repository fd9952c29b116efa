"""A pass: some epochs of one arm under a probe that costs time, in a process of their own."""

from collections.abc import Iterator

from harness import turns
from harness.engine.group import Group
from harness.events import Event, Progress
from harness.lines import BlockStart


class Probing(Group):
    """Runs the one arm that it has. Its epochs stand apart in the record: nothing is timed by them."""

    def watch(self, probe: str) -> Iterator[Event]:
        (label,) = self.arms
        try:
            yield BlockStart(self.block, self.number, [label])
            yield from self._build([label])
            if label in self.live:
                yield Progress(self.block, f"watching its {probe}", label)
                pace = self.known.paces.get(label, {})
                yield from self._slice(
                    label, turns.watched(self.plan, label, self.descriptions, pace), 0, 0, probe=probe
                )
                yield from self._end("ok")
        finally:
            self._close()
