"""What our intervals and verdicts promise, on simulated machines whose truth is known.

    python benchmarks/experiments/coverage.py

Blocks are simulated round by round and go through the functions that a run's own blocks go through. Takes a few
minutes. For each machine: how often a 95 % interval holds the truth, by the number of blocks; and what the default rule
(three to six blocks, a tolerance of 3 %) says of programs that take the same time, and of one that is slower.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np

from harness.analysis.comparison.stopping import Looks, decide
from harness.analysis.stats.ratios import guarded, interval, typical
from harness.analysis.stats.verdicts import verdicts
from harness.schedule.sampling import ROUNDS

BLOCKS = (2, 3, 5, 10)
Array = np.ndarray


@dataclass(frozen=True)
class Machine:
    """How log times scatter: between blocks, and within one, for two arms over its rounds."""

    name: str
    between: Callable[[np.random.Generator], float]
    """One block's effect on the log-ratio."""
    within: Callable[[np.random.Generator], Array]
    """(2, rounds) noise of log times."""
    skewed: bool = False


def _quiet(random: np.random.Generator) -> Array:
    return 0.01 * random.standard_normal((2, ROUNDS))


def _heavy(random: np.random.Generator) -> Array:
    return 0.015 * random.standard_t(3, (2, ROUNDS))


def _drifting(random: np.random.Generator) -> Array:
    """Both arms get slower by up to 20 % over the block, and recover."""
    drift = 0.2 * random.random() * np.sin(np.linspace(0, np.pi * random.random() * 3, ROUNDS))
    return _quiet(random) + drift


def _correlated(random: np.random.Generator) -> Array:
    noise = 0.015 * random.standard_normal((2, ROUNDS))
    for index in range(1, ROUNDS):
        noise[:, index] += 0.7 * noise[:, index - 1]
    return noise


def _bursts(random: np.random.Generator) -> Array:
    """Another load takes half of the machine for one slice in twelve, whoever's turn it is."""
    return _quiet(random) + log(2) * (random.random((2, ROUNDS)) < 1 / 12)


def _loaded(random: np.random.Generator) -> Array:
    """Another load all the time, which takes what it likes."""
    return 0.2 * random.standard_t(3, (2, ROUNDS))


def _normal(scale: float) -> Callable[[np.random.Generator], float]:
    return lambda random: scale * random.standard_normal()


def _two_valued(random: np.random.Generator) -> float:
    """Each process falls into one of two speeds, 1 % apart."""
    return 0.01 * (int(random.integers(2)) - int(random.integers(2)))


def _one_in_five(random: np.random.Generator) -> float:
    """One block in five is 3 % slower for the arm."""
    return 0.03 * float(random.random() < 0.2) - 0.006


MACHINES = (
    Machine("quiet", _normal(0.0055), _quiet),
    Machine("heavy tails", _normal(0.0055), _heavy),
    Machine("drift", _normal(0.0055), _drifting),
    Machine("autocorrelation", _normal(0.0055), _correlated),
    Machine("bursts", _normal(0.0055), _bursts),
    Machine("other load", _normal(0.0055), _loaded),
    Machine("two speeds", _two_valued, _quiet, skewed=True),
    Machine("one slow block in five", _one_in_five, _quiet, skewed=True),
)


def block(machine: Machine, truth: float, random: np.random.Generator) -> tuple[float, float]:
    """One block's estimates of the log-ratio `truth`: the typical one, and that of the sums."""
    walls = np.exp(machine.within(random))
    walls[1] *= np.exp(truth + machine.between(random))
    return typical(list(np.log(walls[1] / walls[0]))), log(walls[1].sum() / walls[0].sum())


def coverage(machine: Machine, blocks: int, runs: int, seed: int = 0) -> float:
    """The share of 95 % intervals over so many blocks that hold the truth."""
    random = np.random.default_rng([seed, blocks])
    truth = log(1.05)
    pairs = ([block(machine, truth, random) for _ in range(blocks)] for _ in range(runs))
    found = (interval(guarded(*zip(*own, strict=True), tolerance=0.03)) for own in pairs)
    return sum(ratio.low <= 1.05 <= ratio.high for ratio in found if ratio.low and ratio.high) / runs


def answers(
    machine: Machine, truth: float, runs: int, looks: Looks | None = None, seed: int = 0
) -> tuple[Counter[str], float]:
    """What the rule says of a difference `truth`, so many times, and how many blocks that took on the average."""
    looks = looks or Looks(fewest=3, most=6, tolerance=0.03)
    random = np.random.default_rng([seed, 77])
    said: Counter[str] = Counter()
    spent = 0
    for _ in range(runs):
        both: list[tuple[float, float]] = []
        logs: list[float] = []
        while decide(looks, {"arm": logs}, [1.0] * len(logs), 0.0).go_on:
            both.append(block(machine, truth, random))
            logs = guarded(*zip(*both, strict=True), tolerance=looks.tolerance)
        spent += len(logs)
        said[verdicts({"arm": logs}, looks.tolerance, looks.fewest, looks.most)["arm"].answer] += 1
    return said, spent / runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    runs = parser.parse_args().runs
    print("Share of 95 % intervals that hold the truth, by blocks")
    for machine in MACHINES:
        shares = "  ".join(f"{number}: {coverage(machine, number, runs):.3f}" for number in BLOCKS)
        print(f"  {machine.name:24}{shares}{'  (skewed or discrete)' if machine.skewed else ''}", flush=True)
    for tolerance, slower in ((0.03, 0.05), (0.01, 0.03)):
        looks = Looks(fewest=3, most=6, tolerance=tolerance)
        for truth in (0.0, log(1 + tolerance), log(1 + slower)):
            print(f"Tolerance {tolerance:.0%}, {np.exp(truth) - 1:+.0%}: what is said, and blocks on the average")
            for machine in MACHINES:
                said, spent = answers(machine, truth, runs, looks)
                shares = "  ".join(f"{answer} {said[answer] / runs:.4f}" for answer in sorted(said))
                print(f"  {machine.name:24}{spent:.1f}  {shares}", flush=True)


if __name__ == "__main__":
    main()
