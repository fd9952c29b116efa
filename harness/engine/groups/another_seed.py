"""The first epochs of an arm from another seed, in a process of their own: do its losses depend on the seed at all?

They are not timed, and no other losses are compared with them than those of the same arm. A comparison runs no such
process: all its arms and blocks have one seed, so nothing that it says is about seeds, and the start of another process
of every arm would cost it more than many blocks.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from harness.engine.groups.group import Group
from harness.engine.processes.answers import Ran
from harness.plan.plan import ANOTHER_SEED
from harness.record.events import Doing, Event, Progress
from harness.record.schema import ArmEnd, BlockStart, Epoch, Slice

MOST, LEAST = 20, 2
"""The number of epochs: one alone would not show that its losses change at all."""
SECONDS = 1.0
"""Seconds after which no further epoch starts, beyond the least number."""
MOST_SECONDS = 30.0
"""Seconds of the least number of epochs above which the answer is not worth its time."""
WHAT = "whether the seed changes anything"
"""What stays unknown if the arm fails with the other seed."""


def is_worthwhile(ran: Sequence[Epoch]) -> bool:
    """Whether these epochs, which the arm ran from the seed of the plan, have losses to compare with, and do not take
    too long."""
    compared = [epoch for epoch in ran[:MOST] if epoch.losses]
    return len(compared) >= LEAST and sum(epoch.wall for epoch in ran[:LEAST]) <= MOST_SECONDS


class AnotherSeed:
    """Runs the only arm of `group`, whose plan has the other seed."""

    def __init__(self, group: Group, ran: Sequence[Epoch]) -> None:
        self._group = group
        self._indices = [epoch.index for epoch in ran[:MOST]]

    def run(self) -> Iterator[Event]:
        """Build the arm, run the epochs with which it began before, in the same order, and end it. Yields the events.

        The arm may have files or a state for one seed only, so a failure is no failure of the arm.
        """
        for event in self._observe():
            if isinstance(event, ArmEnd) and event.status == "failed":
                yield self._excuse(event)
            else:
                yield event

    def _observe(self) -> Iterator[Event]:
        group = self._group
        (label,) = group.arms
        try:
            yield BlockStart(group.block, group.number, [label])
            yield from group.build([label])
            if label in group.live:
                yield Progress(group.block, Doing.OBSERVING, label, probe=f"losses from seed {group.plan.seed}")
                answer = group.live[label].run(self._indices, least=LEAST, seconds=SECONDS)
                if not isinstance(answer, Ran):
                    yield from group.record_failure(group.live[label], answer)
                elif answer.epochs:
                    yield Slice(
                        block=group.block,
                        group=group.number,
                        round=0,
                        position=0,
                        arm=label,
                        epochs=answer.epochs,
                        probe=ANOTHER_SEED,
                    )
            yield from group.end("ok")
        finally:
            group.close()

    def _excuse(self, end: ArmEnd) -> ArmEnd:
        why = f"with seed {self._group.plan.seed} it failed {end.moment}: {end.reason}"
        return replace(
            end,
            status="tried",
            peak_rss_bytes=None,
            peak_tensor_bytes=None,
            unavailable=end.unavailable | {WHAT: why},
        )
