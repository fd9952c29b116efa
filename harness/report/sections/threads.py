"""What is said of frameworks that used another number of threads than harness set."""

from collections.abc import Iterator

from harness import rounding
from harness.analysis.stats.verdicts import SAME, UNSURE
from harness.report.summary import ArmSummary, Summary
from harness.report.wording import words


def differing(summary: Summary) -> Iterator[str]:
    """Arms that differ clearly from the baseline, with frameworks that used another number of threads in it."""
    baseline = next(arm for arm in summary.arms if arm.name == summary.baseline)
    for arm in summary.arms:
        for framework, (number, other) in _find_differences(summary, arm, baseline).items():
            pair = [
                f"{words.many(count, 'thread')} in {own.name}{_describe_setter(own, framework)}"
                for own, count in ((arm, number), (baseline, other))
            ]
            busy = [f"{rounding.trimmed(own.cores_busy)} in {own.name}" for own in (arm, baseline) if own.cores_busy]
            both = " and ".join(busy)
            cores = f": on average {both} of {summary.threads} processors compute" if len(busy) == 2 else ""
            yield f"{framework} uses {pair[0]}, and {pair[1]}{cores}."


def others(summary: Summary) -> Iterator[str]:
    """Frameworks that used another number of threads than was set, where `differing` does not say so."""
    baseline = next((arm for arm in summary.arms if arm.name == summary.baseline), None)
    for arm in summary.arms:
        told = _find_differences(summary, arm, baseline) if baseline else {}
        for framework, number in arm.threads.items():
            if framework not in told:
                setter = arm.threads_set_by.get(framework)
                yield (
                    f"{framework} used {words.many(number, 'thread')} in {arm.name}, and not the {summary.threads} that"
                    f" harness set: {f'{setter} sets them.' if setter else 'does the program set them itself?'}"
                )


def _find_differences(summary: Summary, arm: ArmSummary, baseline: ArmSummary) -> dict[str, tuple[int, int]]:
    """Return the numbers of threads in an arm and in the baseline, by framework, if the arm clearly differs."""
    clear = arm.verdict and arm.verdict not in (SAME, UNSURE)
    if arm is baseline or not clear or arm.loaded.keys() != baseline.loaded.keys():
        return {}
    pairs = {
        framework: (arm.threads.get(framework, summary.threads), baseline.threads.get(framework, summary.threads))
        for framework in arm.threads | baseline.threads
    }
    return {framework: pair for framework, pair in pairs.items() if pair[0] != pair[1]}


def _describe_setter(arm: ArmSummary, framework: str) -> str:
    setter = arm.threads_set_by.get(framework)
    return f" ({setter} sets them)" if setter else ""
