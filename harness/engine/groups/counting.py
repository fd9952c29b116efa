"""A pass for what is deterministic: the same epochs in the same order for each arm of a gate, one after the other.

What it counts (tracings, compilations, operations, losses, memory, quality) is the same however busy the machine is, so
one pass is enough. Which epochs they are follows from the base's pace, for all arms of a variant alike; beside stored
runs they are those of the first.
"""

from collections.abc import Generator, Iterator

from harness.engine.groups.group import Group
from harness.engine.processes.answers import Evaluated, Failed, Finished, Ran
from harness.plan.gate_rules import FLOPS, QUALITY, Triple
from harness.plan.plan import EXACTLY
from harness.record.events import Event, Progress
from harness.record.schema import ArmEnd, BlockStart, Epoch, Evaluation, Slice
from harness.schedule import turns


class Counting:
    """Builds the arms of one variant, which are those of `group`, and then runs each to its end."""

    def __init__(self, group: Group, triple: Triple) -> None:
        self._group, self._triple = group, triple

    def count(self) -> Iterator[Event]:
        """What is gated of the variant."""
        try:
            yield BlockStart(self._group.block, self._group.number, list(self._group.arms))
            yield from self._group.build(self._group.arms)
            for label in list(self._group.live):
                yield Progress(self._group.block, "counting over the same epochs", label)
                epochs = yield from self._run(label)
                if label in self._group.live:
                    yield from self._conclude(label, len(epochs))
        finally:
            self._group.close()

    def _run(self, label: str) -> Generator[Event, None, list[Epoch]]:
        answer = self._group.live[label].run(self._indices(label), note_calls=self._counts(label))
        epochs = answer.epochs if isinstance(answer, Ran | Failed) else []
        if epochs:
            yield Slice(
                block=self._group.block,
                group=self._group.number,
                round=0,
                position=0,
                arm=label,
                epochs=epochs,
                probe=EXACTLY,
            )
        if not isinstance(answer, Ran):
            yield from self._group.lose(self._group.live[label], answer)
        return epochs

    def _indices(self, label: str) -> list[int]:
        stored = self._group.known.stored.get(label, [])
        own = self._group.descriptions[label]
        length = own.segments[-1].stop if own.segments else None
        in_order = stored == list(range(len(stored)))
        if stored and (own.seekable or in_order) and (length is None or max(stored) < length):
            return stored
        leading = next((arm for arm in (self._triple.base, label) if arm in self._group.known.paces), label)
        return turns.watched(
            self._group.plan, label, self._group.descriptions, self._group.known.paces.get(leading, {})
        )

    def _conclude(self, label: str, epochs: int) -> Iterator[Event]:
        """What it took, first: what follows takes memory too."""
        arm = self._group.live[label]
        took = arm.finish()
        if not isinstance(took, Finished):
            yield from self._group.lose(arm, took)
            return
        if self._triple.tolerances[QUALITY] is not None and self._group.descriptions[label].evaluates:
            yield Progress(self._group.block, "evaluating", label)
            answer = arm.evaluate(epochs, None)
            if not isinstance(answer, Evaluated):
                yield from self._group.lose(arm, answer)
                return
            yield Evaluation(self._group.block, self._group.number, label, epochs, answer.metrics)
        if self._counts(label):
            yield Progress(self._group.block, "counting its operations", label)
            yield self._group.count(arm)
        arm.close()
        del self._group.live[label]
        yield ArmEnd(
            block=self._group.block,
            group=self._group.number,
            arm=label,
            status="ok",
            peak_rss_bytes=took.peak_rss_bytes,
            peak_tensor_bytes=took.peak_tensor_bytes,
            unavailable=took.state.unavailable,
            versions=took.state.versions,
            seeded=took.state.seeded,
        )

    def _counts(self, label: str) -> bool:
        """The base's second run would count what the first one did."""
        return self._triple.tolerances[FLOPS] is not None and label != self._triple.again
