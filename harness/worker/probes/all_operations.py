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
        """Return the operations of all frameworks, or those on accelerators if there are any. Seconds in which two
        frameworks were busy count twice."""
        seen = [own for one in self._probes if (own := one.end(wall))]
        found: list[OperationsUse] = [own for own in seen if own.device] or seen
        uses = sorted((use for own in found for use in own.uses), key=lambda use: -use.own)
        return OperationsUse(uses, sum(own.busy for own in found), found[0].device) if found else None

    def spans(self) -> Iterable[Span]:
        return [span for one in self._probes for span in one.spans()]
