"""Programs that are measured as a whole, from start to end: one after the other, each in a process of its own."""

from collections.abc import Iterator

from harness.engine.groups.group import Group
from harness.record.events import Doing, Event, Progress
from harness.record.schema import BlockStart
from harness.schedule import turns


class Whole:
    """Runs the programs of `group`, each as one epoch. Their random order is that of the block."""

    def __init__(self, group: Group) -> None:
        self._group = group

    def run(self) -> Iterator[Event]:
        """Run every program once. The next one starts when the one before has ended."""
        group = self._group
        order = turns.start_order(group.plan, group.block, group.number, group.arms)
        yield BlockStart(group.block, group.number, order)
        try:
            for position, label in enumerate(order):
                yield from group.build([label])
                if label in group.live:
                    yield Progress(group.block, Doing.TAKING_TURNS, label, position, len(order))
                    yield from group.run_slice(label, [0], 1, position)
                yield from group.end("ok")
        finally:
            group.close()
