"""The operations of all frameworks that an epoch uses, as one probe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness.worker.probes.base import OperationProbe, Span
from harness.worker.wire.evidence import OPERATIONS, OperationsUse

NOTHING_OBSERVED = "no framework was used whose operations can be observed"


class AllOperations:
    name = OPERATIONS

    def __init__(self, probes: Sequence[OperationProbe]) -> None:
        self._probes = probes

    @property
    def unavailable(self) -> Mapping[str, str]:
        if not any(one.is_used() for one in self._probes):
            return {OPERATIONS: NOTHING_OBSERVED}
        return {what: why for one in self._probes for what, why in one.unavailable.items()}

    def begin(self, fresh: bool) -> None:
        for one in self._probes:
            one.begin(fresh)

    def end(self, wall: float) -> OperationsUse | None:
        """Return the operations of all frameworks. Seconds in which two of them were busy count twice."""
        found: list[OperationsUse] = [seen for one in self._probes if (seen := one.end(wall))]
        uses = sorted((use for seen in found for use in seen.uses), key=lambda use: -use.own)
        return OperationsUse(uses, sum(seen.busy for seen in found)) if found else None

    def spans(self) -> Iterable[Span]:
        return [span for one in self._probes for span in one.spans()]
