"""Simulates the answers of a gate on times: blocks of a base, a repeat of it and a head, with the gate's own functions.

    python benchmarks/experiments/gate_answers.py

It takes a minute or two, and prints for each kind of head how often it passes, regresses and stays unsure, and after
how many blocks. The gate looks at the results after each block from the third to the last planned one.
"""

import argparse
from dataclasses import dataclass
from math import log

import numpy as np

from harness.analysis.stats.contrast import FINE, UNSURE, WORSE, Contrast, Contrasted, answers
from harness.analysis.stats.levels import FIRST_LOOK, level, looks_after

MOST = 6
"""Maximum number of blocks."""
TOLERANCE = 0.03


@dataclass(frozen=True)
class Head:
    """A head, and the variation of its blocks."""

    truth: float = 0.0
    """The log-ratio of its times to those of the base."""
    scatter: float = 0.0055
    """The standard deviation of the log time of a block."""
    metrics: int = 1
    """The number of gated times."""
    heavy: bool = False
    """Whether the noise has the tails of Student's t with 3 degrees of freedom."""
    restless: float = 1.0
    """The ratio of the head's scatter to that of its bases."""


@dataclass(frozen=True)
class Said:
    """The fraction of runs with each answer."""

    passed: float
    regressed: float
    unsure: float
    blocks: float
    """The mean number of blocks."""


def contrast(logs: np.ndarray) -> Contrast:
    """Return the contrast of (3, blocks) log times: of the base, its repeat and the head."""
    return Contrast(list(logs[2] - logs[0]), list(logs[1] - logs[0]))


def said(head: Head, runs: int, seed: int = 0, most: int = MOST) -> Said:
    """Simulate this number of gates."""
    rng = np.random.default_rng(seed)
    found, blocks = dict.fromkeys((FINE, WORSE, UNSURE), 0), 0
    for _ in range(runs):
        shape = (head.metrics, 3, most)
        logs = head.scatter * (rng.standard_t(3, shape) if head.heavy else rng.standard_normal(shape))
        logs[:, 2] = head.restless * logs[:, 2] + head.truth
        answer, needed = _judge(logs, most)
        found[answer] += 1
        blocks += needed
    return Said(*(number / runs for number in found.values()), blocks / runs)


def _judge(logs: np.ndarray, most: int) -> tuple[Contrasted, int]:
    """Return the answer for all times together, and the number of blocks that it took."""
    levels = [level(FIRST_LOOK, most, rank) for rank in range(1, len(logs) + 1)]
    for blocks in looks_after(FIRST_LOOK, most):
        each = answers([(contrast(one[:, :blocks]), TOLERANCE) for one in logs], levels)
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
    parser.add_argument("--most", type=int, default=MOST, help="maximum number of blocks")
    args = parser.parse_args()
    print(f"{'':52} passed regressed unsure  blocks")
    for name, head in HEADS.items():
        one = said(head, args.runs, most=args.most)
        print(f"{name:52} {one.passed:6.1%} {one.regressed:9.1%} {one.unsure:6.1%} {one.blocks:7.2f}", flush=True)


if __name__ == "__main__":
    main()
