"""The peak memory of an arm's tensors: as an allocator counted it or, without one, as an epoch that ran apart did."""

from collections.abc import Iterable

from harness.record.lines import Lines
from harness.record.schema import ArmEnd
from harness.worker.wire.evidence import TensorPeak

PEAK = "peak of tensors"
"""What it is called among the reasons for what could not be observed."""


def find_allocated(ends: Iterable[ArmEnd]) -> int | None:
    """Return the highest peak that an allocator counted in these processes, in bytes."""
    return max((end.peak_tensor_bytes for end in ends if end.peak_tensor_bytes), default=None)


def find_followed(record: Lines, arm: str) -> TensorPeak | None:
    """Return the highest peak in an epoch that ran apart, in which tensors were followed without an allocator."""
    peaks = [peak for work in record.works if work.arm == arm for peak in work.tensors.values()]
    return max(peaks, key=lambda peak: peak.bytes, default=None)


def find_peak_bytes(record: Lines, arm: str, ends: Iterable[ArmEnd]) -> int | None:
    """Return the peak of an arm's tensors in bytes: an allocator's in these processes of the arm, if there is one."""
    followed = find_followed(record, arm)
    return find_allocated(ends) or (followed.bytes if followed else None)


def why_not_followed(record: Lines, arm: str) -> str | None:
    """Return why the tensors of an arm could not be followed; None if they were, or if that was not tried."""
    reasons = [work.no_tensors for work in record.works if work.arm == arm and not work.tensors]
    return next(filter(None, reasons), None)
