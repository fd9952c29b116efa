"""What a gate says of its times: simulated blocks of a base, the base again and a head, through its own functions.

    python benchmarks/experiments/gate_answers.py

Takes a minute or two, and prints for each sort of head how often it passes, regresses and stays unsure, and in how many
blocks. There is a look after each block from the third to the last planned one.
"""

import argparse
from dataclasses import dataclass
from math import log

import numpy as np

from harness.analysis.stats.contrast import FINE, UNSURE, WORSE, Contrast, Contrasted, answers
from harness.analysis.stats.levels import FIRST_LOOK, level

MOST = 6
"""Blocks."""
TOLERANCE = 0.03
LEVELS = [level(FIRST_LOOK, MOST, rank) for rank in range(1, MOST + 1)]


@dataclass(frozen=True)
class Head:
    """A head, and how its blocks scatter."""

    truth: float = 0.0
    """The log-ratio of its times to the base's."""
    scatter: float = 0.0055
    """The standard deviation of the log time of a block."""
    metrics: int = 1
    """Times that are gated."""
    heavy: bool = False
    """Whether the tails are those of Student's t with 3 degrees of freedom."""
    restless: float = 1.0
    """How many times as much the head scatters as its bases do."""


@dataclass(frozen=True)
class Said:
    """The shares of runs."""

    passed: float
    regressed: float
    unsure: float
    blocks: float
    """On the average."""


def contrast(logs: np.ndarray) -> Contrast:
    """(3, blocks) log times of the base, the base again and the head."""
    return Contrast(list(logs[2] - logs[0]), list(logs[1] - logs[0]))


def said(head: Head, runs: int, seed: int = 0) -> Said:
    """What so many gates come to."""
    random = np.random.default_rng(seed)
    found, blocks = dict.fromkeys((FINE, WORSE, UNSURE), 0), 0
    for _ in range(runs):
        shape = (head.metrics, 3, MOST)
        logs = head.scatter * (random.standard_t(3, shape) if head.heavy else random.standard_normal(shape))
        logs[:, 2] = head.restless * logs[:, 2] + head.truth
        answer, needed = _answer(logs)
        found[answer] += 1
        blocks += needed
    return Said(*(number / runs for number in found.values()), blocks / runs)


def _answer(logs: np.ndarray) -> tuple[Contrasted, int]:
    """Of all times together, and after how many blocks."""
    for blocks in range(FIRST_LOOK, MOST + 1):
        each = answers([(contrast(one[:, :blocks]), TOLERANCE) for one in logs], LEVELS)
        answer = next((one for one in (WORSE, UNSURE) if one in each), FINE)
        if answer != UNSURE:
            break
    return answer, blocks


HEADS = {
    "the same": Head(),
    "the same, five times": Head(metrics=5),
    "5 % more": Head(log(1.05)),
    "5 % more, five times": Head(log(1.05), metrics=5),
    "3 % more, as much as is allowed": Head(log(1.03)),
    "3 % more, and four times as restless": Head(log(1.03), restless=4.0),
    "the same, blocks by 5 %, heavy tails, five times": Head(scatter=0.05, metrics=5, heavy=True),
    "the same, blocks by 10 %, heavy tails, five times": Head(scatter=0.1, metrics=5, heavy=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    asked = parser.parse_args()
    print(f"{'':52} passed regressed unsure  blocks")
    for name, head in HEADS.items():
        one = said(head, asked.runs)
        print(f"{name:52} {one.passed:6.1%} {one.regressed:9.1%} {one.unsure:6.1%} {one.blocks:7.2f}", flush=True)


if __name__ == "__main__":
    main()
