"""How much a trainer's epochs compute: the operations of the calls that were noted, and a yardstick for their rate."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import AbstractContextManager
from typing import Any

from harness.worker.probes.tensorflow import flops, gemm, variables
from harness.worker.probes.tensorflow.calls import CallProbe, Calls
from harness.worker.wire.messages import Counted

MOST_CALLS = 40
"""Different calls of one epoch beyond which it is not counted: each costs about as much as a tracing."""


class WorkCounter:
    def __init__(self) -> None:
        self.calls = CallProbe()

    def watching(self, kind: str) -> AbstractContextManager[None]:
        return self.calls.watching(kind)

    def count(self, rate: bool) -> Counted | None:
        """The operations of each kind of epoch for which they could be counted, and why others could not be; with the
        `rate` of large matrix products, if asked for. None where TensorFlow was not loaded."""
        if "tensorflow" not in sys.modules:
            return None
        found: dict[str, Counter[str]] = {}
        known: dict[Any, Counter[str]] = {}
        reasons = []
        for kind, calls in self.calls.by_kind.items():
            try:
                found[kind] = _of_epoch(calls, known)
            except flops.Uncountable as error:
                reasons.append(str(error))
        reason = reasons[0] if reasons else None if found else "no epoch's calls were noted"
        parts = {kind: {name: float(number) for name, number in own.items()} for kind, own in found.items()}
        sums = {kind: sum(own.values()) for kind, own in parts.items()}
        return Counted(sums, reason, gemm.flops_per_second() if rate else None, parts, variables.sizes())


def _of_epoch(calls: Calls, known: dict[Any, Counter[str]]) -> Counter[str]:
    """The operations of one epoch by part; `known` are those of the calls that another kind of epoch has too."""
    if calls.trouble:
        raise flops.Uncountable(calls.trouble)
    if not calls.distinct:
        raise flops.Uncountable("no tf.function was called")
    if len(calls.distinct) > MOST_CALLS:
        raise flops.Uncountable(f"an epoch calls its tf.functions in {len(calls.distinct)} different ways")
    for key, call in calls.distinct.items():
        if key not in known:
            known[key] = flops.of_call(call.function, call.arguments)
    total = Counter[str]()
    for key, call in calls.distinct.items():
        for part, number in known[key].items():
            total[part] += call.times * number
    return total
