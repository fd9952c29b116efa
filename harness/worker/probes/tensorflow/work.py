"""Counts the operations of a trainer's epochs from the noted calls, and measures a rate to compare them with."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import AbstractContextManager
from typing import Any

from harness.worker.probes import gemm
from harness.worker.probes.counted import Place, make_counted
from harness.worker.probes.tensorflow import flops, variables
from harness.worker.probes.tensorflow.calls import CallProbe, Calls
from harness.worker.probes.tensorflow.gemm import prepare
from harness.worker.wire.messages import Counted

MOST_CALLS = 40
"""Maximum number of different calls in an epoch that is counted. Each takes about as long as a tracing."""


class WorkCounter:
    """The `Counter` of TensorFlow."""

    disturbs = False

    def __init__(self) -> None:
        self.calls = CallProbe()

    def is_used(self) -> bool:
        return "tensorflow" in sys.modules

    def watching(self, kind: str) -> AbstractContextManager[None]:
        return self.calls.watching(kind)

    def count(self, rate: bool) -> Counted | None:
        """Count the operations of each kind of epoch, as far as possible, with the reason if some cannot be counted.

        With `rate`, also measure the rate of large matrix products. Returns None if TensorFlow is not loaded.
        """
        if not self.is_used():
            return None
        found: dict[str, Counter[Place]] = {}
        known: dict[Any, Counter[Place]] = {}
        reasons = []
        for kind, calls in self.calls.by_kind.items():
            try:
                found[kind] = _count_epoch(calls, known)
            except flops.Uncountable as error:
                reasons.append(str(error))
        reason = reasons[0] if reasons else None if found else "no calls of an epoch were recorded"
        return make_counted(found, reason, gemm.flops_per_second(prepare) if rate else None, variables.sizes())


def _count_epoch(calls: Calls, known: dict[Any, Counter[Place]]) -> Counter[Place]:
    """Return the operations of one epoch by place.

    `known` caches the operations of calls, because another kind of epoch may make the same calls.
    """
    if calls.trouble:
        raise flops.Uncountable(calls.trouble)
    if not calls.distinct:
        raise flops.Uncountable("no tf.function was called")
    if len(calls.distinct) > MOST_CALLS:
        raise flops.Uncountable(f"an epoch calls its tf.functions in {len(calls.distinct)} different ways")
    for key, call in calls.distinct.items():
        if key not in known:
            known[key] = flops.of_call(call.function, call.arguments)
    total = Counter[Place]()
    for key, call in calls.distinct.items():
        for place, number in known[key].items():
            total[place] += call.times * number
    return total
