"""What a ratio is about, in words: a whole schedule, the epochs that ran, or an epoch of a long training."""

from harness.report import units
from harness.report.summary import Summary


def columns(summary: Summary) -> tuple[str, str]:
    """The headings of what is related, and of what it took."""
    if summary.scope == "schedule":
        return "whole schedule", "one training"
    number = _epochs(summary)
    return ("an epoch" if summary.scope == "epoch" else number), f"{number} took"


def note(summary: Summary) -> tuple[str, str]:
    """What is related, up to "relative to", and how it was come by."""
    if summary.scope == "schedule":
        if _all_ran(summary):
            return "Whole schedule: the cost", "One training: the sum of its epochs, which all ran."
        return (
            "Whole schedule: the cost",
            "One training: projected from the epochs that ran; a single event in the others is not foreseen.",
        )
    number = _epochs(summary)
    if summary.scope == "epoch":
        return (
            "An epoch: the cost of one on the average over a long training, first epochs apart,",
            f"The length of a training is not known (`epochs`, --epochs). {number[0].upper()}{number[1:]} took: the "
            "sum of all that ran in a block, first epochs included.",
        )
    return (
        f"{number[0].upper()}{number[1:]}: the cost of all that ran, the first ones with their tracing included,",
        "They are no whole training.",
    )


def whole(summary: Summary) -> str:
    """What was paid, as the name of an axis or a total."""
    return columns(summary)[0]


def _epochs(summary: Summary) -> str:
    """How many a block ran of each arm, as far as all did."""
    ran = [arm.accounting.epochs for arm in summary.arms if arm.accounting]
    return units.many(min(ran), "epoch") if ran else "the epochs run"


def _all_ran(summary: Summary) -> bool:
    known = [arm.accounting for arm in summary.arms if arm.accounting]
    return bool(known) and all(one.scheduled is not None and one.epochs >= one.scheduled for one in known)
