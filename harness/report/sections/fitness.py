"""What a self-check found: whether the machine is fit to measure on, and what its facts mean."""

from harness.analysis.machine.selfcheck import Fitness, SelfCheck
from harness.report import units
from harness.report.summary import Summary
from harness.report.table import Table

METHOD = (
    "The same program ran as three arms, each a fresh process in each block: as it is, as it is again, and with each"
    " epoch drawn out, within the time that is measured, by keeping a processor busy. The arms took turns in random"
    " order, as in a comparison, and were judged as in one: the machine is fit if the second is called the same, and"
    " lies within half the tolerance, and the third is called slower."
)


def sentences(summary: Summary) -> list[str]:
    """Whether it is fit, why not, and how small a difference it can show."""
    check = summary.selfcheck
    if check is None:
        return []
    said = [_answer(check)]
    if check.smallest_visible_ratio:
        visible = units.percent(check.smallest_visible_ratio - 1)
        said.append(f"The smallest difference that it could show of this program, in as many blocks, is {visible}.")
    if not check.fit and any(finding.do for finding in summary.fitness):
        said.append("What would help is in the table of this machine.")
    if check.answer == Fitness.UNSURE:
        said.append(
            "More --blocks, in a longer --budget, would make it clearer."
            if check.smallest_visible_ratio
            else "A longer --budget, or fewer --epochs, would leave time for more blocks."
        )
    return said


def machine(summary: Summary) -> Table | None:
    """Each fact with what it means and what to do about it, those first that call for it."""
    levels = {"warn": 0, "note": 1, "ok": 2}
    rows = [
        [finding.what, f"{finding.value}", finding.level, f"{finding.means} {finding.do}".strip()]
        for finding in sorted(summary.fitness, key=lambda finding: levels[finding.level])
    ]
    columns = ["what", "here", "level", "what it means, and what to do"]
    note = "As it was when this run began. What stands as not readable is not guessed."
    return Table("This machine", columns, rows, note, texts=4) if rows else None


def _answer(check: SelfCheck) -> str:
    if check.fit:
        return (
            "This machine is fit to measure on: two identical arms are the same, and a planted slowdown of "
            f"{units.percent(check.planted)} was found."
        )
    why = "; ".join(check.why)
    if check.answer == Fitness.UNFIT:
        return f"This machine is not fit to measure on as it is: {why}."
    return f"Whether this machine is fit to measure on is unsure: {why}."
