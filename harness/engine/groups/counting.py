"""A gate's pass for deterministic metrics: each arm runs the same epochs in the same order, one arm after the other.

What it counts (traces, compilations, operations, losses, memory, quality) does not depend on how busy the machine is,
so one pass is enough. The base's pace decides which epochs run, the same for all arms of a variant; against stored runs
they are the epochs of the first stored run.
"""

from collections.abc import Generator, Iterator

from harness.engine.groups.group import Group
from harness.engine.processes.answers import Evaluated, Failed, Finished, Ran
from harness.plan.gate_rules import FLOPS, QUALITY, Triple
from harness.plan.plan import EXACTLY
from harness.record.events import Doing, Event, Progress
from harness.record.schema import ArmEnd, BlockStart, Epoch, Evaluation, Slice
from harness.schedule import turns


class Counting:
    """Builds the arms of one variant, which are the arms of `group`, and then runs each to its end."""

    def __init__(self, group: Group, triple: Triple) -> None:
        self._group, self._triple = group, triple

    def count(self) -> Iterator[Event]:
        """Run the counting pass, and yield its events."""
        try:
            yield BlockStart(
                self._group.block, self._group.number, list(self._group.arms), repeatable=self._group.repeatable
            )
            yield from self._group.build(self._group.arms)
            for label in list(self._group.live):
                yield Progress(self._group.block, Doing.COUNTING_EVENTS, label)
                epochs = yield from self._run_epochs(label)
                if label in self._group.live:
                    yield from self._conclude(label, len(epochs))
        finally:
            self._group.close()

    def _run_epochs(self, label: str) -> Generator[Event, None, list[Epoch]]:
        arm, indices = self._group.live[label], self._choose_epochs(label)
        answer = self._group.note_end(label, arm.run(indices, note_calls=self._should_count(label)))
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
            yield from self._group.record_failure(self._group.live[label], answer)
        return epochs

    def _choose_epochs(self, label: str) -> list[int]:
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
        """Ask for peak memory first: evaluating and counting operations take memory too."""
        arm = self._group.live[label]
        usage = arm.finish()
        if not isinstance(usage, Finished):
            yield from self._group.record_failure(arm, usage)
            return
        if self._triple.tolerances[QUALITY] is not None and self._group.descriptions[label].evaluates:
            yield Progress(self._group.block, Doing.EVALUATING, label)
            answer = arm.evaluate(epochs, None)
            if not isinstance(answer, Evaluated):
                yield from self._group.record_failure(arm, answer)
                return
            yield Evaluation(self._group.block, self._group.number, label, epochs, answer.metrics)
        if self._should_count(label):
            yield Progress(self._group.block, Doing.COUNTING_OPERATIONS, label)
            yield from self._group.count(arm)
        arm.close()
        del self._group.live[label]
        yield ArmEnd(
            block=self._group.block,
            group=self._group.number,
            arm=label,
            status="ok",
            peak_rss_bytes=usage.peak_rss_bytes,
            peak_tensor_bytes=usage.peak_tensor_bytes,
            unavailable=usage.state.unavailable,
            versions=usage.state.versions,
            seeded=usage.state.seeded,
            threads=usage.state.threads,
            threads_set_by=usage.state.threads_set_by,
            arithmetic=usage.state.arithmetic,
        )

    def _should_count(self, label: str) -> bool:
        """Whether to count operations: not for the base's second run, which would count the same as its first."""
        return self._triple.tolerances[FLOPS] is not None and label != self._triple.base_repeat
