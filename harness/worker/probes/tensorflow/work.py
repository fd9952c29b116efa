"""Counts the operations of a trainer's epochs from the noted calls, and measures a rate to compare them with."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from harness.worker.probes.counted import Place, make_counted
from harness.worker.probes.counting_apart import NOTHING_TIMED, TRACED
from harness.worker.probes.rates import measure_rates
from harness.worker.probes.spent import Spent, average, leave_out_first
from harness.worker.probes.tensorflow import flops, variables
from harness.worker.probes.tensorflow.calls import OUTSIDE, Call, CallProbe, Calls
from harness.worker.probes.tensorflow.graphs import of_graph
from harness.worker.probes.tensorflow.large import prepare_product, prepare_sum
from harness.worker.probes.tensorflow.name_scopes import part
from harness.worker.probes.tensorflow.sessions import SessionRun
from harness.worker.probes.tensorflow.steps import Step
from harness.worker.probes.tensorflow.times import Times
from harness.worker.wire.messages import Counted

MOST_CALLS = 40
"""Maximum number of different calls in an epoch that is counted. Each takes about as long as a tracing."""


class WorkCounter:
    """The `Counter` of TensorFlow."""

    disturbs = False

    def __init__(self) -> None:
        self.calls = CallProbe()
        self._times = Times(self.calls)
        self.timed: Mapping[str, Sequence[Spent]] = {}

    def is_used(self) -> bool:
        return "tensorflow" in sys.modules

    @contextmanager
    def watching(self, kind: str, apart: bool = False) -> Iterator[None]:
        timing = apart and self.is_used()
        calls, steps = self.calls.by_kind.get(kind), self._times.steps.pop(kind, None)
        with self.calls.watching(kind), self._times.watching(kind) if timing else nullcontext():
            yield
        if calls and not self._has_seen(kind):  # the epoch did nothing, as one that begins where the training ends
            self.calls.by_kind[kind] = calls
            if steps:
                self._times.steps[kind] = steps

    def _has_seen(self, kind: str) -> bool:
        calls, steps = self.calls.by_kind[kind], self._times.steps.get(kind)
        return bool(calls.distinct or calls.trouble or (steps and steps.all))

    def forget_times(self, kind: str) -> None:
        self._times.forget(kind)

    @property
    def ran(self) -> Mapping[str, Sequence[tuple[float, float]]]:
        return self._times.ran()

    def count(self, rate: bool) -> Counted | None:
        """Count the operations of each kind of epoch, as far as possible, with the reason if some cannot be counted.

        With `rate`, also measure the rate of large matrix products. Returns None if TensorFlow is not loaded.
        """
        if not self.is_used():
            return None
        found: dict[str, Counter[Place]] = {}
        known: dict[Any, Counter[Place] | flops.Uncountable] = {}
        reasons, incomplete = list[str](), list[str]()
        for kind, calls in self.calls.by_kind.items():
            try:
                found[kind], missing = self._count_epoch(kind, calls, known)
                reasons += missing
                incomplete += [kind] if missing else []
            except flops.Uncountable as error:
                reasons.append(str(error))
        reason = reasons[0] if reasons else None if found else "no calls of an epoch were recorded"
        found_times = self._times.spent()
        spent = {kind: average(own) for kind, own in found_times.items()}
        self.timed = {kind: leave_out_first(own) for kind, own in found_times.items()}
        untimed = self._times.trouble or (None if spent else TRACED if self._times.any else NOTHING_TIMED)
        rates = measure_rates(prepare_product, prepare_sum) if rate else None
        counted = make_counted(found, reason, rates, variables.sizes(), spent, untimed)
        return replace(counted, one_by_one=self._times.one_by_one(), incomplete=incomplete)

    def _count_epoch(
        self, kind: str, calls: Calls, known: dict[Any, Counter[Place] | flops.Uncountable]
    ) -> tuple[Counter[Place], list[str]]:
        """Return the operations of one epoch by place, and the reasons why some are missing. Raises Uncountable with
        the reason if none can be counted.

        `known` caches the operations of calls, because another kind of epoch may make the same calls.
        """
        steps = self._times.steps.get(kind)
        seen = steps is not None and not steps.trouble
        if calls.trouble and not (seen and calls.trouble == OUTSIDE):
            raise flops.Uncountable(calls.trouble)
        if not calls.distinct and not (steps and seen and steps.all):
            raise flops.Uncountable("no tf.function was called")
        if len(calls.distinct) > MOST_CALLS:
            raise flops.Uncountable(f"an epoch calls its tf.functions in {len(calls.distinct)} different ways")
        total, missing = Counter[Place](), list[str]()
        for key, call in calls.distinct.items():
            if key not in known:
                known[key] = _count_call(call)
            counted = known[key]
            if isinstance(counted, flops.Uncountable):
                observed = self._times.count(kind, key)
                if observed is None:
                    raise counted
                total.update(observed[0])
                missing += [observed[1]] if observed[1] else []
            else:
                total.update({place: call.times * number for place, number in counted.items()})
        if steps and seen:
            outside, unread = self._count_outside(steps.all)
            total, missing = total + outside, missing + unread
        if missing and not total:
            raise flops.Uncountable(missing[0])
        return total, [f"at least: {one}" for one in missing]

    def _count_outside(self, steps: Sequence[Step]) -> tuple[Counter[Place], list[str]]:
        """Return the operations of what ran outside of every `tf.function`, and the reasons why some are missing."""
        total = Counter[Place]()
        times = Counter(step.type for step in steps if step.is_function)
        for type_, step in {step.type: step for step in steps if step.is_function}.items():
            total.update({place: times[type_] * number for place, number in self._count_function(step).items()})
        unread = Counter[str]()
        for step in steps:
            if not step.is_function:
                total[step.place] += step.flops or 0
                unread[step.type] += step.flops is None
        return total, [
            f"the products in {type_}, which ran {n} times, could not be counted" for type_, n in unread.items() if n
        ]

    def _count_function(self, step: Step) -> Counter[Place]:
        stacks = self._times.stacks(step)
        if stacks is None:
            raise flops.Uncountable(OUTSIDE)
        total = Counter[Place]()
        for (name, sizes), number in of_graph(step.functions[0].graph).items():
            total[Place(part(name), stacks.stack(name), sizes)] += number
        return total


def _count_call(call: Call | SessionRun) -> Counter[Place] | flops.Uncountable:
    try:
        if isinstance(call, SessionRun):
            return call.count()
        return flops.of_call(call.function, call.arguments)
    except flops.Uncountable as error:
        return error
