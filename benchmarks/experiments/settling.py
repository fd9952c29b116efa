"""Measures how long an arm takes to settle at the start of its turn, by the position of epochs in the turn.

    python benchmarks/experiments/settling.py

Two processes of one variant take long turns. It prints the time of the epochs at each position in a turn, relative to
those in its second half, as the median over turns. The numbers of settling epochs in `harness.plan.turn_length` are
based on these results.
"""

import argparse
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np

from harness.engine.processes.answers import Ran
from harness.engine.processes.arm import ArmProcess
from harness.plan import planning
from harness.plan.plan import usable_cores
from harness.plan.planning import Traits
from harness.plan.request import Request

PLACES = (0, 1, 2, 4, 8, 16, 24, 50, 100, 200, 400)
"""Positions in a turn. The last one is the length of the turn."""


def settle(variant: str, scale: str, threads: int, turns: int) -> list[float]:
    """Return the time of an epoch in each span between two positions, relative to the second half of the turn."""
    plan = planning.draft(Request(names=(variant,), scale=scale, threads=threads), Traits(command="settle"))
    with tempfile.TemporaryDirectory() as folder:
        cores = usable_cores()[-threads:]
        arms = [ArmProcess(plan.arms[0], plan, 0, cores, Path(folder) / f"{number}.log") for number in range(2)]
        try:
            found = []
            for arm in arms:
                arm.receive()
            for turn in range(turns + 1):
                for arm in arms:
                    first = turn * PLACES[-1] % 1000
                    answer = arm.run(range(first, first + PLACES[-1]))
                    assert isinstance(answer, Ran), answer
                    walls = np.array([epoch.wall for epoch in answer.epochs])
                    if turn:  # the first turn traces
                        found.append(walls / np.median(walls[PLACES[-2] :]))
        finally:
            for arm in arms:
                arm.close()
    return [float(np.median(np.array(found)[:, low:high])) for low, high in pairwise(PLACES)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", nargs="*", default=["original", "shared-times"])
    parser.add_argument("--scale", default="smoke")
    parser.add_argument("--threads", nargs="*", type=int, default=[1, 2])
    parser.add_argument("--turns", type=int, default=15)
    args = parser.parse_args()
    spans = [f"{low}-{high - 1}" for low, high in pairwise(PLACES)]
    print(f"{'epochs of a turn':26}" + "".join(f"{span:>9}" for span in spans))
    for variant in args.variants:
        for threads in args.threads:
            ratios = settle(variant, args.scale, threads, args.turns)
            print(f"{variant:16}{threads} threads " + "".join(f"{ratio:9.3f}" for ratio in ratios), flush=True)


if __name__ == "__main__":
    main()
