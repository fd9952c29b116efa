"""How a comparison was measured, in one paragraph."""

from harness.analysis.stats.levels import EVERY, FIRST_LOOK
from harness.report import units
from harness.report.summary import Summary
from harness.report.wording import words


def method(summary: Summary) -> str:
    """What was done, how often, and what intervals and verdicts are based on."""
    if len(summary.arms) == 1:
        return (
            "One new process per block. The first epoch of each kind may trace and compile: it is reported separately."
        )
    return (
        "In each block every arm is a new process. The arms take turns in random order, a few epochs each, and only"
        " one computes at a time, so whatever else the machine does affects all of them alike. Epochs of different"
        " kinds are never averaged together, and the first epoch of each kind is counted separately. A turn is"
        " represented by the lower quartile of its epochs, and a block's estimate is the 20 % trimmed mean of the"
        " log-ratios of its rounds; if the ratio of sums over all blocks disagrees, it is used instead."
        f" {_describe_interval(summary)} All arms start from the same seed, so losses are compared bit by bit as long"
        " as two arms run the same epochs in the same order. Arms that can state the terms of their loss on one batch"
        " do so before any training."
    )


def _describe_interval(summary: Summary) -> str:
    """The number of blocks and of interim looks, and what the verdicts mean."""
    if summary.blocks < 2:
        return f"There {'is' if summary.blocks == 1 else 'are'} {words.many(summary.blocks, 'block')}, so no interval."
    sentence = f"The interval is Student's t over {summary.blocks} blocks"
    if summary.looks > 1:
        each = summary.looks <= EVERY - FIRST_LOOK + 1
        when = f"{'one after each block from' if each else 'the first after'} the third {'on' if each else 'block'}"
        sentence += f", widened so that all {summary.looks} looks, {when}, miss in 5 %"
    if any(arm.verdict for arm in summary.arms):
        sentence += (
            f". Faster or slower: the whole interval lies beyond {units.percent(summary.tolerance)}; same: the whole"
            " interval lies within it; several arms are corrected for by Holm's procedure"
        )
    return f"{sentence}."
