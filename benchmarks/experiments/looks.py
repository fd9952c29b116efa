"""Simulates the significance levels of looks in `harness/analysis/stats/levels.py`.

    python benchmarks/experiments/looks.py

It takes some minutes, and prints a row for each planned last look. The row contains the levels for every look
(`looks_after`), for which the probability that any look rejects a true hypothesis is 5 %, 5 % / 2, ... 5 % / 6.
"""

import argparse

import numpy as np
from scipy import stats

from harness.analysis.stats.levels import ERROR, EVERY, FIRST_LOOK, MOST, looks_after

RANKS = 6
DEFAULT = [*range(FIRST_LOOK + 1, EVERY), *(each for each in looks_after(FIRST_LOOK, MOST) if each >= EVERY)]


def levels(most: int, runs: int, seed: int = 0) -> list[float]:
    """Return the levels for all looks at up to `most` blocks, by rank, from simulated runs with normal blocks."""
    rng = np.random.default_rng([seed, most])
    least = np.concatenate([_find_least_p_values(rng.standard_normal((part, most))) for part in _split_runs(runs)])
    return [float(np.quantile(least, ERROR / rank)) for rank in range(1, RANKS + 1)]


def _find_least_p_values(blocks: np.ndarray) -> np.ndarray:
    """Return the (runs,) least p-values over looks of Student's t tests that the means of (runs, blocks) are 0."""
    counts = np.arange(1, blocks.shape[1] + 1)
    means = np.cumsum(blocks, axis=1) / counts
    squares = np.cumsum(blocks**2, axis=1) - counts * means**2
    looks = np.asarray(looks_after(FIRST_LOOK, blocks.shape[1])) - 1
    freedom = counts[looks] - 1
    t = means[:, looks] / np.sqrt(squares[:, looks] / freedom / counts[looks])
    return np.asarray(2 * stats.t.sf(np.abs(t), freedom).min(axis=1))


def _split_runs(runs: int, size: int = 250_000) -> list[int]:
    return [min(size, runs - start) for start in range(0, runs, size)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4_000_000)
    parser.add_argument("--most", type=int, nargs="*", default=DEFAULT)
    args = parser.parse_args()
    for most in args.most:
        print(f"    {most}: ({', '.join(f'{level:.5f}' for level in levels(most, args.runs))}),", flush=True)


if __name__ == "__main__":
    main()
