"""What a self-check found: whether the machine is fit for measuring, and what its properties mean."""

from harness.analysis.machine.selfcheck import Doubt, Fitness, SelfCheck
from harness.analysis.stats.levels import FIRST_LOOK
from harness.report import units
from harness.report.summary import Summary
from harness.report.table import Table

METHOD = (
    "The same program ran as three arms, each a new process in each block: unchanged, a repeat of it, and one with each"
    " epoch made longer by keeping a processor busy within the measured time. The arms took turns in random order and"
    " were judged as in a comparison. The machine is fit if the second arm is judged the same and its ratio lies within"
    " half the tolerance, and the third is judged slower."
)


def sentences(summary: Summary) -> list[str]:
    """Whether the machine is fit, why not, and how small a difference it can detect."""
    check = summary.selfcheck
    if check is None:
        return []
    sentences = [_describe_answer(check)]
    if check.smallest_visible_ratio:
        visible = units.percent(check.smallest_visible_ratio - 1)
        sentences.append(
            f"The smallest difference that it can detect in this program, in as many blocks, is {visible}."
        )
    if not check.fit and any(finding.do for finding in summary.fitness):
        sentences.append("The table of this machine says what would help.")
    if check.answer == Fitness.UNSURE:
        sentences.append(
            "More --blocks, with a longer --budget, would decide it."
            if check.smallest_visible_ratio
            else "A longer --budget, or fewer --epochs, would leave time for more blocks."
        )
    return sentences


def machine(summary: Summary) -> Table | None:
    """Each property of the machine with its meaning and what to do; those that need action come first."""
    levels = {"warn": 0, "note": 1, "ok": 2}
    rows = [
        [finding.what, f"{finding.value}", finding.level, f"{finding.means} {finding.do}".strip()]
        for finding in sorted(summary.fitness, key=lambda finding: levels[finding.level])
    ]
    columns = ["what", "here", "level", "what it means, and what to do"]
    note = "As it was when this run began. What could not be read is marked as not readable."
    return Table("This machine", columns, rows, note, texts=4) if rows else None


def _describe_answer(check: SelfCheck) -> str:
    if check.fit:
        return (
            "This machine is fit for measuring: two identical arms came out the same, and a planted slowdown of "
            f"{units.percent(check.planted)} was found."
        )
    why = "; ".join(_describe_doubt(doubt, check) for doubt in check.doubts)
    if check.answer == Fitness.UNFIT:
        return f"This machine is not fit for measuring as it is: {why}."
    return f"It is unsure whether this machine is fit for measuring: {why}."


def _describe_doubt(doubt: Doubt, check: SelfCheck) -> str:
    planted = f"a planted slowdown of {units.percent(check.planted)}"
    match doubt:
        case Doubt.IDENTICAL_DIFFER:
            return f"two identical arms differ: the second one is called {check.null}"
        case Doubt.IDENTICAL_APART:
            return f"two identical arms differ by more than half the tolerance of {units.percent(check.tolerance)}"
        case Doubt.IDENTICAL_UNSURE:
            return "two identical arms are unsure, so it is not known whether they are the same"
        case Doubt.PLANTED_MISJUDGED:
            return f"{planted} is called {check.slowed}"
        case Doubt.PLANTED_UNSURE:
            return f"{planted} was not detected for sure"
        case Doubt.TOO_FEW_BLOCKS:
            return f"a verdict needs {FIRST_LOOK} blocks, and there were fewer"
