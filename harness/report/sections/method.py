"""How a comparison was measured, in a paragraph, by its own facts."""

from harness.report import units
from harness.report.summary import Summary


def method(summary: Summary) -> str:
    """What was done, how often, and what an interval and a verdict rest on."""
    if len(summary.arms) == 1:
        return "One new process a block. The first epoch of each kind traces and compiles, and is told apart."
    return (
        "In each block every arm is a new process. The arms take turns in random order, a few epochs each, and only"
        " one computes at a time, so that they share whatever else the machine does. Epochs of different kinds are"
        " never averaged together, and the first of each kind is counted apart. The lower quartile of its epochs"
        " stands for a turn, and a block's estimate is the 20 % trimmed mean of its rounds' log-ratios; the ratio of"
        f" sums takes its place where the two disagree over all blocks. {_interval(summary)} All"
        " arms start from the same seed, so losses are compared bit by bit for as long as two arms run the same epochs"
        " in the same order; arms that can are asked, before any training, for the terms of their loss on one batch."
    )


def _interval(summary: Summary) -> str:
    """Over how many blocks, how often it was looked at, and when a verdict is given."""
    if summary.blocks < 2:
        return f"There {'is' if summary.blocks == 1 else 'are'} {units.many(summary.blocks, 'block')}, so no interval."
    said = f"The interval is Student's t over {summary.blocks} blocks"
    if summary.looks > 1:
        said += f", so wide that all {summary.looks} looks, after each block from the third on, miss in 5 % together"
    if any(arm.verdict for arm in summary.arms):
        said += (
            f". Faster and slower mean that all of it is beyond {units.percent(summary.tolerance)}, same that all of it"
            " is within, by Holm's procedure over the arms"
        )
    return f"{said}."
