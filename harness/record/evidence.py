"""The evidence that built-in probes collect in an epoch, and its types.

The evidence of any other probe stays plain JSON values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec

from harness.worker.wire.evidence import (
    COMPILATIONS,
    LIMITS,
    MEMORY,
    OPERATIONS,
    PHASES,
    STARTS,
    TRACES,
    Compilation,
    Limit,
    MemoryUse,
    OperationsUse,
    OperationUse,
    PhaseUse,
    Start,
    Trace,
)

if TYPE_CHECKING:
    from harness.record.schema import Epoch

TYPES: dict[str, Any] = {
    TRACES: list[Trace],
    COMPILATIONS: list[Compilation],
    LIMITS: list[Limit],
    PHASES: list[PhaseUse],
    STARTS: list[Start],
    MEMORY: MemoryUse,
    OPERATIONS: OperationsUse,
}
"""The type of evidence, by the name of the probe. Add an entry for a new probe if its evidence should be checked."""


def check(evidence: dict[str, Any]) -> None:
    """Convert evidence that was read from JSON to its type, in place. Raises ValueError if that is impossible."""
    for name, value in evidence.items():
        if name in TYPES and not _has_type(value, TYPES[name]):
            try:
                evidence[name] = msgspec.convert(value, TYPES[name])
            except msgspec.ValidationError as error:
                raise ValueError(f"invalid evidence {name!r}: {error}") from None


def _has_type(value: Any, expected: Any) -> bool:
    """Return whether the value already has its type, because this program created it."""
    item_types = get_args(expected)
    if item_types:
        return isinstance(value, list) and all(isinstance(item, item_types) for item in value)
    return isinstance(value, expected)


def traces(epoch: Epoch) -> list[Trace]:
    """Return the tracings in the epoch; empty if there were none or they were not observed."""
    return epoch.evidence.get(TRACES) or []


def compilations(epoch: Epoch) -> list[Compilation]:
    """Return the compilations in the epoch; empty if there were none or they were not observed."""
    return epoch.evidence.get(COMPILATIONS) or []


def limits(epoch: Epoch) -> list[Limit]:
    """Return the functions that a framework gave up compiling in the epoch."""
    return epoch.evidence.get(LIMITS) or []


def phases(epoch: Epoch) -> list[PhaseUse]:
    """Return the time in each phase, the whole epoch first; empty if phases were not observed."""
    return epoch.evidence.get(PHASES) or []


def starts(epoch: Epoch) -> list[Start]:
    """Return the lines that started processes in the epoch; empty if there were none or they were not observed."""
    return epoch.evidence.get(STARTS) or []


def memory(epoch: Epoch) -> MemoryUse | None:
    """Return the memory use of the epoch; None if it was not observed."""
    return epoch.evidence.get(MEMORY)


def operations(epoch: Epoch) -> list[OperationUse]:
    """Return the time in each type of operation; empty if operations were not observed."""
    found: OperationsUse | None = epoch.evidence.get(OPERATIONS)
    return found.uses if found else []


def device(epoch: Epoch) -> str:
    """Return the kind of accelerator on which the epoch's operations ran; empty for processors, and if they were not
    observed."""
    found: OperationsUse | None = epoch.evidence.get(OPERATIONS)
    return found.device if found else ""


def busy(epoch: Epoch) -> float | None:
    """Return the seconds during which at least one operation of the epoch ran; None if they were not observed."""
    found: OperationsUse | None = epoch.evidence.get(OPERATIONS)
    return found.busy if found else None
