"""Compares a head's peak memory with two runs of its base: in the counting pass and in each block.

A peak is not quite deterministic: it is left to chance whether one more large tensor is alive when another thread frees
one. One run therefore proves nothing: the head has regressed if it takes more than both runs of its base in every run,
and is unsure if it does in most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from harness.analysis.gate.check import IMPROVED, NOT_MEASURED, OK, REGRESSED, UNSURE, Check
from harness.analysis.gate.reasons import Reason, Why
from harness.analysis.profile.tensors import PEAK, find_followed, why_not_followed
from harness.analysis.stats.ratios import Ratio
from harness.plan.gate_rules import PEAK_MEMORY, PEAK_TENSORS, Triple
from harness.plan.plan import EXACTLY
from harness.record.lines import Lines
from harness.record.schema import ArmEnd

LEAST_BYTES = 4_000_000
"""Bytes by which a peak may always increase: the kernel does not count more finely."""
_FIELDS = {PEAK_MEMORY: "peak_rss_bytes", PEAK_TENSORS: "peak_tensor_bytes"}


class Peaks(Protocol):
    """The peak memory of one process: the end of an arm, or a stored run."""

    @property
    def peak_rss_bytes(self) -> int | None: ...

    @property
    def peak_tensor_bytes(self) -> int | None: ...

    @property
    def unavailable(self) -> Mapping[str, str]:
        """What could not be observed in the process, and why."""


Run = tuple[Peaks, Peaks, Peaks]
"""A base, its repeat and a head that ran in the same way."""


def peaks(passes: Lines, timed: Lines, triple: Triple) -> list[Check]:
    """Return a check for each gated kind of memory."""
    by_block: dict[int, dict[str, ArmEnd]] = {}
    for end in timed.ends:
        if end.status == "ok":
            by_block.setdefault(end.block, {})[end.arm] = end
    exact = {(piece.block, piece.group) for piece in passes.watched if piece.probe == EXACTLY}
    counted = [end for end in passes.ends if end.status == "ok" and (end.block, end.group) in exact]
    runs = [{end.arm: end for end in counted}, *by_block.values()]
    base, base_repeat, head = triple.arms
    whole = [run for run in runs if set(triple.arms) <= run.keys()]
    by_process: list[Run] = [(run[base], run[base_repeat], run[head]) for run in whole]
    return compare_peaks(by_process, triple, _find_followed(passes, triple))


@dataclass(frozen=True)
class Followed:
    """The peak of tensors that no allocator counted. It repeats exactly, so a base is followed only once."""

    peak_tensor_bytes: int | None
    unavailable: Mapping[str, str]
    peak_rss_bytes: None = None


def _find_followed(passes: Lines, triple: Triple) -> list[Run]:
    """Return the peaks of tensors of base and head, if they were followed in epochs that ran apart."""
    both = []
    for label in (triple.baseline, triple.head):
        if any(end.peak_tensor_bytes for end in passes.ends if end.arm == label):
            return []
        peak, why = find_followed(passes, label), why_not_followed(passes, label)
        both.append(Followed(peak.bytes if peak else None, {PEAK: why} if why else {}))
    base, head = both
    return [(base, base, head)] if base.peak_tensor_bytes or base.unavailable else []


def compare_peaks(runs: Sequence[Run], triple: Triple, followed: Sequence[Run] = ()) -> list[Check]:
    """Return a check for each gated kind of memory, from these runs; for tensors also from those in which they were
    `followed`."""
    gated = {metric: triple.tolerances[metric] for metric in _FIELDS}
    return [
        _compare_peak([*followed, *runs] if metric == PEAK_TENSORS else runs, triple, metric, share)
        for metric, share in gated.items()
        if share is not None
    ]


def _compare_peak(runs: Sequence[Run], triple: Triple, metric: str, tolerance: float) -> Check:
    found = [[getattr(one, _FIELDS[metric]) for one in run] for run in runs]
    of_both = [(base, base_repeat, head) for base, base_repeat, head in found if base and base_repeat]
    known = [(base, base_repeat, head) for base, base_repeat, head in of_both if head]
    if not known:
        answer = UNSURE if of_both or not runs else NOT_MEASURED
        why = _explain_absence(runs, metric, bool(of_both))
        return Check(variant=triple.name, metric=metric, answer=answer, why=why)
    more = sum(
        head > max(base, base_repeat) + _compute_allowance(max(base, base_repeat), tolerance)
        for base, base_repeat, head in known
    )
    less = sum(
        head < min(base, base_repeat) - _compute_allowance(min(base, base_repeat), tolerance)
        for base, base_repeat, head in known
    )
    base = median([(one + other) / 2 for one, other, _ in known])
    head = median([own for _, _, own in known])
    answer = REGRESSED if more == len(known) else UNSURE if 2 * more > len(known) else OK
    answer = IMPROVED if less == len(known) else answer
    some = Why(reason=Reason.SOME_RUNS, numbers=(more, len(known))) if 0 < more < len(known) else None
    return Check(
        variant=triple.name,
        metric=metric,
        answer=answer,
        base=base,
        head=head,
        ratio=Ratio(head / base),
        tolerance=tolerance,
        why=some,
    )


def _explain_absence(runs: Sequence[Run], metric: str, in_base: bool) -> Why | None:
    """Explain why no run has the peaks of all three arms."""
    if not runs:
        return Why(reason=Reason.NOT_COMPLETED)
    if in_base:
        return Why(reason=Reason.ONLY_IN_BASE)
    reasons = [base.unavailable.get(PEAK) for base, _, _ in runs] if metric == PEAK_TENSORS else []
    return Why.unavailable(next(filter(None, reasons), None))


def _compute_allowance(base: float, tolerance: float) -> float:
    return max(tolerance * base, LEAST_BYTES)
