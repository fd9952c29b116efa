"""Simulates the coverage of the intervals of an ablation's shares, and the errors of the shares.

    python benchmarks/experiments/shares.py

It takes a minute or two. Every cell has a known cost, and every process, including that of the baseline, has an error
of 0.55 % (one standard deviation). For systems of four changes (all sets) and of seven (orders and their reverses), it
prints the total number of cells run, the coverage of nominal 95 % intervals over all changes and for the worst one, and
the root mean square error of the logarithm of a share.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np

from harness.analysis.comparison.shares_of_changes import shares
from harness.analysis.stats.estimates import mean
from harness.analysis.stats.shapley import Cell, Values, shapley_shares, subsets
from harness.plan.cells import Ablation, Change, change_sets, draw_orders

BLOCK_NOISE = 0.0055


@dataclass(frozen=True)
class System:
    """Changes, and the logarithm of the cost of training with each set of them."""

    name: str
    changes: tuple[str, ...]
    log_cost: Callable[[Cell], float]
    crossed: bool

    @property
    def shares(self) -> dict[str, float]:
        """The true shares."""
        return shapley_shares({cell: self.log_cost(cell) for cell in subsets(self.changes)}, self.changes)

    def plan(self, blocks: int, seed: int) -> Ablation:
        orders = () if self.crossed else draw_orders(self.changes, blocks, seed)
        made = {" ".join(some): some for some in change_sets(self.changes, orders)}
        first, *_, last = made
        return Ablation(first, last, tuple(Change(name, "") for name in self.changes), made, orders)


def _cost_of_four(made: Cell) -> float:
    """A change of 1 %, a large one, one that slows down, and one without effect. The first two overlap."""
    alone = {"a": log(0.99), "b": log(0.4), "c": 0.1, "d": 0.0}
    return sum(alone[name] for name in made) + (0.5 if {"a", "b"} <= made else 0.0)


def _cost_of_seven(made: Cell) -> float:
    """Changes of all sizes, with interactions between two and three of them."""
    alone = {"a": -2.4, "b": -0.6, "c": -0.3, "d": -0.1, "e": 0.0, "f": 0.05, "g": -0.02}
    together = {"ab": 0.3, "acd": -0.4, "beg": 0.2}
    return sum(alone[name] for name in made) + sum(x for some, x in together.items() if set(some) <= made)


def _cost_of_program(made: Cell) -> float:
    """Costs that add and multiply as in a program: points times nodes, a part that grows, and a common part."""
    nodes, points = (0.03 if "a" in made else 0.3), (0.5 if "b" in made else 1.0) * (0.1 if "d" in made else 1.0)
    growing = 0.0 if "c" in made else 0.05 * (0.1 if "a" in made else 1.0)
    seconds = 0.02 + nodes * points * (1.0 if "c" in made else 1.4) + growing
    seconds *= 0.8 if "g" in made else 1.0
    return log(seconds * ((0.95 if "d" in made else 0.7) if "e" in made else 1.0))


SYSTEMS = (
    System("four changes", tuple("abcd"), _cost_of_four, crossed=True),
    System("seven changes", tuple("abcdefg"), _cost_of_seven, crossed=False),
    System("a program", tuple("abcdefg"), _cost_of_program, crossed=False),
)


@dataclass(frozen=True)
class Found:
    """The results of a simulation."""

    cells: int
    """The number of cells run in all blocks together."""
    coverage: float
    worst: float
    """The coverage for the change with the lowest coverage."""
    bias: float
    error: float
    """The root mean square error."""


def measured(system: System, plan: Ablation, blocks: int, rng: np.random.Generator) -> dict[int, Values]:
    """Return the log-ratio of every cell to the baseline, by block. Each process has its own random error."""
    found: dict[int, Values] = {}
    nothing: Cell = frozenset()
    for block in range(blocks):
        own = [frozenset(plan.cells[label]) for label in plan.labels(block)]
        costs = {cell: system.log_cost(cell) + BLOCK_NOISE * rng.standard_normal() for cell in own}
        found[block] = {cell: costs[cell] - costs[nothing] for cell in own}
    return found


def simulate(system: System, blocks: int, runs: int, seed: int = 0) -> Found:
    rng = np.random.default_rng([seed, blocks])
    truth = system.shares
    held, missed, cells = [], [], 0
    for run in range(runs):
        plan = system.plan(blocks, run)
        cells = sum(len(plan.labels(block)) for block in range(blocks))
        found = shares(plan, measured(system, plan, blocks, rng))
        own = {name: mean(found.logs[name]) for name in system.changes}
        held.append([(one.low or 0.0) <= truth[name] <= (one.high or 0.0) for name, one in own.items()])
        missed.append([one.estimate - truth[name] for name, one in own.items()])
    return Found(
        cells=cells,
        coverage=float(np.mean(held)),
        worst=float(np.mean(held, axis=0).min()),
        bias=float(np.abs(np.mean(missed, axis=0)).max()),
        error=float(np.sqrt(np.mean(np.square(missed)))),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    args = parser.parse_args()
    print("| system | blocks | cells | coverage | of the worst | error |")
    for system in SYSTEMS:
        for blocks in (3, 6) if system.crossed else (4, 6, 8, 10):
            own = simulate(system, blocks, args.runs)
            figures = f"{own.cells} | {own.coverage:.3f} | {own.worst:.3f} | {own.error:.4f}"
            print(f"| {system.name} | {blocks} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
