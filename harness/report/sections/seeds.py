"""Trainings in which the seed changes nothing, so that seeds show nothing of how they scatter."""

from collections.abc import Iterator, Sequence

from harness.report.summary import Summary
from harness.report.wording import words


def sentences(summary: Summary) -> Iterator[str]:
    """One sentence for each arm in which the seed changes nothing, with the evidence."""
    for arm in summary.arms:
        own = arm.convergence
        if found := arm.seed_ignored:
            yield _say(arm.name, found.seeds, f"losses bit for bit in all {found.epochs} epochs that both ran")
        elif own and own.ignores_seed and not own.reference:
            seeds = [one.seed for one in own.trainings if one.status == "ok"]
            yield _say(arm.name, seeds, "results bit for bit in every evaluation")


def _say(name: str, seeds: Sequence[int], what: str) -> str:
    listed = words.listed([str(seed) for seed in seeds])
    return (
        f"The seed changes nothing in {name}: seeds {listed} give the same {what}, so seeds show nothing of how its"
        " trainings scatter."
    )
