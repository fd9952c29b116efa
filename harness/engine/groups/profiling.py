"""A profiling pass: some epochs of one arm under a probe that costs time, in a process of their own."""

from collections.abc import Iterator
from contextlib import nullcontext

from msgspec.structs import replace

from harness.engine.groups.group import Group
from harness.engine.machine.rss_sampler import RssSampler, why_unavailable
from harness.record.events import Doing, Event, Progress
from harness.record.schema import RSS_SAMPLES, TIMELINE, ArmEnd, BlockStart
from harness.schedule import turns
from harness.worker.passes import get_pass

SAMPLES = "memory over time"
"""What the samples of resident memory are called in the reasons for what is not available."""
PASS_SECONDS = 120.0
"""Seconds after which a pass ends, once the current epoch is finished."""


class Profiling:
    """Runs the only arm of `group` under the probe `watch`. The record marks its epochs, which are not timings."""

    def __init__(self, group: Group, watch: str) -> None:
        self._group, self._watch = group, watch

    def run(self) -> Iterator[Event]:
        """Build the arm, run its epochs under the probe, and end it. Yields the events."""
        (label,) = self._group.arms
        pass_ = get_pass(self._watch)
        unsampled = why_unavailable() if pass_.samples_rss else None
        try:
            yield BlockStart(self._group.block, self._group.number, [label])
            yield from self._group.build([label])
            if label in self._group.live:
                yield Progress(self._group.block, Doing.OBSERVING, label, probe=self._watch)
                pace = self._group.known.paces.get(label, {})
                indices = turns.watched(self._group.plan, label, self._group.descriptions, pace, pass_.most_epochs)
                sampler = RssSampler(self._group.live[label].pid, self._group.logs / RSS_SAMPLES, label)
                with sampler if pass_.samples_rss and not unsampled else nullcontext():
                    timeline = None
                    if pass_.draws_timeline:
                        timeline = self._group.logs.parent.absolute() / TIMELINE  # a trainer may change its directory
                    if pass_.counts:
                        yield from self._group.count_apart(label, indices, PASS_SECONDS)
                    else:
                        yield from self._group.run_slice(
                            label, indices, 0, 0, probe=self._watch, timeline=timeline, seconds=PASS_SECONDS
                        )
                for event in self._group.end("ok"):
                    if unsampled and isinstance(event, ArmEnd):
                        yield replace(event, unavailable=event.unavailable | {SAMPLES: unsampled})
                    else:
                        yield event
        finally:
            self._group.close()
