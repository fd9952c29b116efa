"""What probes saw of an epoch, by the probes that are known here: each with its type.

What another probe saw is kept as JSON has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec

from harness.worker.wire.evidence import (
    COMPILATIONS,
    MEMORY,
    OPERATIONS,
    PHASES,
    TRACES,
    Compilation,
    MemoryUse,
    OperationsUse,
    OperationUse,
    PhaseUse,
    Trace,
)

if TYPE_CHECKING:
    from harness.record.schema import Epoch

TYPES: dict[str, Any] = {
    TRACES: list[Trace],
    COMPILATIONS: list[Compilation],
    PHASES: list[PhaseUse],
    MEMORY: MemoryUse,
    OPERATIONS: OperationsUse,
}
"""By the name of a probe. Whoever adds a probe whose evidence is to be checked adds its type."""


def check(evidence: dict[str, Any]) -> None:
    """Give evidence that was read from JSON its type, in place. Raises ValueError where it cannot have that."""
    for name, value in evidence.items():
        if name in TYPES and not _typed(value, TYPES[name]):
            try:
                evidence[name] = msgspec.convert(value, TYPES[name])
            except msgspec.ValidationError as error:
                raise ValueError(f"its evidence of {name!r}: {error}") from None


def _typed(value: Any, wanted: Any) -> bool:
    """Whether it has its type already: then it comes from this program."""
    each = get_args(wanted)
    if each:
        return isinstance(value, list) and all(isinstance(one, each) for one in value)
    return isinstance(value, wanted)


def traces(epoch: Epoch) -> list[Trace]:
    return epoch.evidence.get(TRACES) or []


def compilations(epoch: Epoch) -> list[Compilation]:
    return epoch.evidence.get(COMPILATIONS) or []


def phases(epoch: Epoch) -> list[PhaseUse]:
    """The epoch itself first; empty where nobody watched."""
    return epoch.evidence.get(PHASES) or []


def memory(epoch: Epoch) -> MemoryUse | None:
    return epoch.evidence.get(MEMORY)


def operations(epoch: Epoch) -> list[OperationUse]:
    found: OperationsUse | None = epoch.evidence.get(OPERATIONS)
    return found.uses if found else []


def busy(epoch: Epoch) -> float | None:
    """Seconds in which at least one of its operations ran."""
    found: OperationsUse | None = epoch.evidence.get(OPERATIONS)
    return found.busy if found else None
