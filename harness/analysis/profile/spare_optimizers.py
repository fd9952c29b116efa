"""Optimizers of one class that keep the same for the same parameters, as two Adam optimizers of one network do."""

from collections.abc import Sequence

from harness.record.lines import Lines
from harness.worker.wire.evidence import OptimizerUse

LEAST_SPARE_BYTES = 1_000_000
"""Less than this does not show in the memory of a process."""


def spare_optimizers(record: Lines, arm: str) -> Sequence[OptimizerUse]:
    """Return the classes with more than one optimizer for the same parameters, if what is kept twice is large enough to
    matter. Optimizers of different classes, as in a training that goes on with L-BFGS, are not compared."""
    found = next((work.variables for work in record.works if work.arm == arm and work.variables), None)
    return [use for use in found.optimizers if use.spare >= LEAST_SPARE_BYTES] if found else []
