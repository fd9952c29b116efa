"""How peaks of tensors were counted where no allocator counts them."""

from collections.abc import Iterator, Sequence

from harness.report.summary import ArmSummary
from harness.report.wording import words


def explain(arms: Sequence[ArmSummary]) -> Iterator[str]:
    """How the peaks of arms were counted that no allocator counted, one sentence for each way."""
    by_way: dict[str, list[str]] = {}
    for arm in arms:
        if arm.tensors_followed:
            by_way.setdefault(arm.tensors_followed.how, []).append(arm.name)
    for how, names in by_way.items():
        whose = f" of {words.listed(names)}" if len(arms) > 1 else ""
        yield f"Peak of tensors{whose}: {how}, not by an allocator."


def locate(arm: ArmSummary) -> Iterator[str]:
    """Where the peak of tensors was reached, if that is known."""
    peak = arm.tensors_followed
    if peak and peak.where:
        yield f"Tensors were at their peak at {peak.where} `{words.shorten(peak.text)}`."
    elif peak and peak.text:
        yield f"Tensors were at their peak while {peak.text} ran."
