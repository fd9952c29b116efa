"""What a ratio covers, in words: a whole schedule, the epochs that ran, or one epoch of a long training."""

from harness.report.sections import programs
from harness.report.summary import Summary
from harness.report.wording import words


def columns(summary: Summary) -> tuple[str, str]:
    """The headings of the ratio and of the time it is about."""
    if summary.scope == "schedule" and programs.ran_whole(summary):
        return "whole program", "one run"
    if summary.scope == "schedule":
        return "whole schedule", "one training"
    number = _count_epochs(summary)
    return ("an epoch" if summary.scope == "epoch" else f"{number}, first included"), f"{number} took"


def note(summary: Summary) -> tuple[str, str]:
    """What the ratio is of, up to "relative to", and how the time was found."""
    if summary.scope == "schedule" and programs.ran_whole(summary):
        return "Whole program: the cost", "One run: a program from its start to its end, as one measurement."
    if summary.scope == "schedule":
        if _did_all_run(summary):
            return "Whole schedule: the cost", "One training: the sum of its epochs, all of which ran."
        others = "are not included"
        known = [arm.accounting for arm in summary.arms if arm.accounting]
        if any(one.projects_traces or one.projects_stalls for one in known):
            others = "are included, at the same rate, only where they recurred"
        return (
            "Whole schedule: the cost",
            f"One training: projected from the epochs that ran; single slow epochs among the others {others}.",
        )
    number = _count_epochs(summary)
    if summary.scope == "epoch":
        are_programs = any(arm.marked_by for arm in summary.arms)
        why = "it did not end" if are_programs else "the trainer has no `epochs`"
        return (
            "An epoch: the average cost of an epoch of a long training, first epochs left out,",
            f"The length of a training is not known: {why}, and --epochs was not given. "
            f"{number[0].upper()}{number[1:]} took: the sum over one block, first epochs included.",
        )
    return (
        f"{number[0].upper()}{number[1:]}, first included: the cost of all that ran, tracing in first epochs included,",
        "This is not a whole training.",
    )


def whole(summary: Summary) -> str:
    """What the cost is of, as the name of an axis or a total."""
    return columns(summary)[0]


def _count_epochs(summary: Summary) -> str:
    """How many epochs of each arm one block ran; the fewest, if the arms differ."""
    ran = [arm.accounting.epochs for arm in summary.arms if arm.accounting]
    return words.many(min(ran), "epoch") if ran else "the epochs run"


def _did_all_run(summary: Summary) -> bool:
    known = [arm.accounting for arm in summary.arms if arm.accounting]
    return bool(known) and all(one.all_ran for one in known)
