"""The frameworks of an arm that use fewer threads than harness set."""

from dataclasses import dataclass

from harness.analysis.epochs.table import cores_busy
from harness.record.lines import Lines


@dataclass(frozen=True)
class FewThreads:
    """A framework uses fewer threads than harness set."""

    framework: str
    threads: int
    of: int
    set_by: str
    """The line that set them, as `file:line`; empty if that is not known."""
    busy: float
    """How many processors computed on average."""


def few_threads(record: Lines, arm: str) -> list[FewThreads]:
    """Return these frameworks; empty if none of them says how many it uses, or if only first epochs ran."""
    busy, of = cores_busy(record, arm), record.plan.threads
    end = next((end for end in record.ends if end.arm == arm and end.threads), None)
    if end is None or busy is None:
        return []
    few = {framework: number for framework, number in end.threads.items() if number < of}
    return [FewThreads(name, number, of, end.threads_set_by.get(name, ""), busy) for name, number in few.items()]
