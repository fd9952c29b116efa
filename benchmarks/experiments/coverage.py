"""Checks the coverage of intervals and the error rates of verdicts on simulated machines with a known true ratio.

    python benchmarks/experiments/coverage.py

It simulates blocks round by round and passes them through the same functions as the blocks of a run, which takes a few
minutes. For each machine, it prints how often a 95 % interval contains the true ratio, by the number of blocks, and the
verdicts of the default rule (three to six blocks, or up to 24 short ones if blocks take little time) on equal programs
and on a slower one, with the mean number of blocks. Last come machines whose blocks scatter by 5 to 80 %: how often
equal programs are called different, and how often a program that is 6.7 times faster is called faster.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np

from harness.analysis.comparison.replication import FEWEST_ROUNDS
from harness.analysis.comparison.stopping import Looks, decide
from harness.analysis.stats.ratios import guarded, interval, typical
from harness.analysis.stats.verdicts import verdicts
from harness.plan.plan import ROUNDS

BLOCKS = (2, 3, 5, 10)
SHORT = 24
"""The maximum number of short blocks: those of 2.5 s in a minute."""
Array = np.ndarray


@dataclass(frozen=True)
class Machine:
    """The variation of log times between blocks, and within a block over its rounds, for two arms."""

    name: str
    between: Callable[[np.random.Generator], float]
    """Draws the effect of one block on the log-ratio."""
    within: Callable[[np.random.Generator, int], Array]
    """Draws (2, rounds) noise of log times."""
    skewed: bool = False


def _draw_quiet(rng: np.random.Generator, rounds: int) -> Array:
    return 0.01 * rng.standard_normal((2, rounds))


def _draw_heavy(rng: np.random.Generator, rounds: int) -> Array:
    return 0.015 * rng.standard_t(3, (2, rounds))


def _draw_drifting(rng: np.random.Generator, rounds: int) -> Array:
    """Both arms become up to 20 % slower during the block, and recover."""
    drift = 0.2 * rng.random() * np.sin(np.linspace(0, np.pi * rng.random() * 3, rounds))
    return _draw_quiet(rng, rounds) + drift


def _draw_correlated(rng: np.random.Generator, rounds: int) -> Array:
    noise = 0.015 * rng.standard_normal((2, rounds))
    for index in range(1, rounds):
        noise[:, index] += 0.7 * noise[:, index - 1]
    return noise


def _draw_bursts(rng: np.random.Generator, rounds: int) -> Array:
    """Another load takes half of the machine during one slice in twelve, of either arm."""
    return _draw_quiet(rng, rounds) + log(2) * (rng.random((2, rounds)) < 1 / 12)


def _draw_loaded(rng: np.random.Generator, rounds: int) -> Array:
    """Another load of varying size runs all the time."""
    return 0.2 * rng.standard_t(3, (2, rounds))


def _make_normal(scale: float) -> Callable[[np.random.Generator], float]:
    return lambda rng: scale * rng.standard_normal()


def _draw_two_valued(rng: np.random.Generator) -> float:
    """Each process has one of two speeds, which differ by 1 %."""
    return 0.01 * (int(rng.integers(2)) - int(rng.integers(2)))


def _draw_one_in_five(rng: np.random.Generator) -> float:
    """One block in five is 3 % slower for the arm."""
    return 0.03 * float(rng.random() < 0.2) - 0.006


MACHINES = (
    Machine("quiet", _make_normal(0.0055), _draw_quiet),
    Machine("heavy tails", _make_normal(0.0055), _draw_heavy),
    Machine("drift", _make_normal(0.0055), _draw_drifting),
    Machine("autocorrelation", _make_normal(0.0055), _draw_correlated),
    Machine("bursts", _make_normal(0.0055), _draw_bursts),
    Machine("other load", _make_normal(0.0055), _draw_loaded),
    Machine("two speeds", _draw_two_valued, _draw_quiet, skewed=True),
    Machine("one slow block in five", _draw_one_in_five, _draw_quiet, skewed=True),
)


def block(machine: Machine, truth: float, rng: np.random.Generator, rounds: int = ROUNDS) -> tuple[float, float]:
    """Simulate a block and return its estimates of the log-ratio `truth`: the typical one, and that of the sums."""
    walls = np.exp(machine.within(rng, rounds))
    walls[1] *= np.exp(truth + machine.between(rng))
    return typical(list(np.log(walls[1] / walls[0]))), log(walls[1].sum() / walls[0].sum())


def coverage(machine: Machine, blocks: int, runs: int, seed: int = 0) -> float:
    """Return the fraction of 95 % intervals over this number of blocks that contain the true ratio."""
    rng = np.random.default_rng([seed, blocks])
    truth = log(1.05)
    pairs = ([block(machine, truth, rng) for _ in range(blocks)] for _ in range(runs))
    found = (interval(guarded(*zip(*own, strict=True), tolerance=0.03)) for own in pairs)
    return sum(ratio.low <= 1.05 <= ratio.high for ratio in found if ratio.low and ratio.high) / runs


def answers(
    machine: Machine, truth: float, runs: int, looks: Looks | None = None, seed: int = 0, later: int = ROUNDS
) -> tuple[Counter[str], float]:
    """Return the number of each verdict on a difference `truth` in `runs` runs, and the mean number of blocks. All
    blocks but the first two have `later` rounds."""
    looks = looks or Looks(fewest=3, most=6, tolerance=0.03)
    rng = np.random.default_rng([seed, 77])
    given: Counter[str] = Counter()
    spent = 0
    for _ in range(runs):
        both: list[tuple[float, float]] = []
        logs: list[float] = []
        while decide(looks, {"arm": logs}, [1.0] * len(logs), 0.0).go_on:
            both.append(block(machine, truth, rng, later if len(both) > 1 else ROUNDS))
            logs = guarded(*zip(*both, strict=True), tolerance=looks.tolerance)
        spent += len(logs)
        given[verdicts({"arm": logs}, looks.tolerance, looks.fewest, looks.most)["arm"].answer] += 1
    return given, spent / runs


def scattered(scatter: float, heavy: bool, truth: float, runs: int, seed: int = 0) -> Counter[str]:
    """Return the number of each verdict where the log-ratios of blocks scatter by `scatter` around `truth`: normally,
    or if `heavy`, like Student's t with three degrees of freedom."""
    looks = Looks(fewest=3, most=6, tolerance=0.03)
    rng = np.random.default_rng([seed, round(1000 * scatter)])
    given: Counter[str] = Counter()
    for _ in range(runs):
        logs: list[float] = []
        while decide(looks, {"arm": logs}, [1.0] * len(logs), 0.0).go_on:
            logs.append(truth + scatter * float(rng.standard_t(3) if heavy else rng.standard_normal()))
        given[verdicts({"arm": logs}, looks.tolerance, looks.fewest, looks.most)["arm"].answer] += 1
    return given


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    runs = parser.parse_args().runs
    print("Fraction of 95 % intervals that contain the true ratio, by blocks")
    for machine in MACHINES:
        shares = "  ".join(f"{number}: {coverage(machine, number, runs):.3f}" for number in BLOCKS)
        print(f"  {machine.name:24}{shares}{'  (skewed or discrete)' if machine.skewed else ''}", flush=True)
    for most, later, tolerance, slower in (
        (6, ROUNDS, 0.03, 0.05),
        (6, ROUNDS, 0.01, 0.03),
        (SHORT, FEWEST_ROUNDS, 0.03, 0.05),
        (SHORT, FEWEST_ROUNDS, 0.01, 0.02),
    ):
        looks = Looks(fewest=3, most=most, tolerance=tolerance)
        for truth in (0.0, log(1 + tolerance), log(1 + slower)):
            print(f"Up to {most} blocks of {later} rounds, tolerance {tolerance:.0%}, {np.exp(truth) - 1:+.0%}:")
            for machine in MACHINES:
                given, spent = answers(machine, truth, runs, looks, later=later)
                shares = "  ".join(f"{answer} {given[answer] / runs:.4f}" for answer in sorted(given))
                print(f"  {machine.name:24}{spent:.1f}  {shares}", flush=True)
    print("Blocks that scatter: equal programs called different, and 6.7 times faster ones called faster / slower")
    for heavy in (False, True):
        for scatter in (0.05, 0.1, 0.2, 0.4, 0.8):
            equal, faster = (scattered(scatter, heavy, truth, runs) for truth in (0.0, -log(6.7)))
            wrong = (equal["faster"] + equal["slower"]) / runs
            found = f"{faster['faster'] / runs:.4f} / {faster['slower'] / runs:.4f}"
            print(f"  {'t(3)' if heavy else 'normal'} x {scatter:<18}{wrong:.4f}  {found}", flush=True)


if __name__ == "__main__":
    main()
