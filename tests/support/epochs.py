"""Epochs for tests, written in a line."""

from harness.record.schema import Epoch
from harness.worker.wire.evidence import COMPILATIONS, MEMORY, OPERATIONS, PHASES, TRACES, OperationsUse


def epoch_of(
    index,
    kind,
    wall,
    cpu,
    losses,
    traces=(),
    first=False,
    sizes=None,
    compilations=(),
    phases=(),
    memory=None,
    operations=(),
    busy=None,
):
    """One epoch, with what probes saw of it."""
    evidence = {
        TRACES: list(traces),
        COMPILATIONS: list(compilations),
        PHASES: list(phases),
        MEMORY: memory,
        OPERATIONS: OperationsUse(list(operations), 0.0 if busy is None else busy) if operations or busy else None,
    }
    return Epoch(
        index=index,
        kind=kind,
        wall=wall,
        cpu=cpu,
        losses=losses,
        first=first,
        sizes=sizes or {},
        evidence={name: value for name, value in evidence.items() if value},
    )
