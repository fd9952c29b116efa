"""What the probes of a profile cost: an epoch under each against the same epoch under none.

    python benchmarks/experiments/probes.py

In each block one fresh process runs a few epochs under each probe and under none, in random order, round after round.
Prints the ratio of the time of an epoch, and of that of a whole turn, which adds what a probe does between
epochs (reading what it saw), each with its 95 % interval over blocks. What harness costs where no probe watches is the
matter of `overhead.py`.
"""

import argparse
import random
import tempfile
from math import log
from pathlib import Path
from time import perf_counter

import numpy as np

from harness.analysis.stats.ratios import interval, typical
from harness.commands.registry import COMMANDS
from harness.engine.processes.answers import Ran
from harness.engine.processes.arm import ArmProcess
from harness.plan.plan import Plan, usable_cores
from harness.plan.request import Request
from harness.report import units

NONE = "none"
EPOCHS = 5
"""Of a turn. The first of them follows a jump, and what it takes is left out."""


def compare(plan: Plan, number: int, rounds: int) -> dict[str, tuple[float, float]]:
    """One block's log-ratios to no probe, by probe: of an epoch, and of a turn."""
    lots = random.Random(number)
    ways = (NONE, *plan.probes)
    epochs: dict[str, list[float]] = {way: [] for way in ways}
    turns: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        arm = ArmProcess(plan.arms[0], plan, 0, usable_cores()[-plan.threads :], Path(folder) / "log")
        try:
            arm.receive()
            for round_ in range(rounds + 1):
                for way in lots.sample(ways, len(ways)):
                    began = perf_counter()
                    answer = arm.run(range(20, 20 + EPOCHS), watch=None if way == NONE else way)
                    took = perf_counter() - began
                    assert isinstance(answer, Ran), answer
                    if round_:  # the first warms up, the probes too
                        turns[way].append(took)
                        epochs[way].append(float(np.median([epoch.wall for epoch in answer.epochs[1:]])))
        finally:
            arm.close()
    return {way: (_estimate(epochs, way), _estimate(turns, way)) for way in plan.probes}


def _estimate(seconds: dict[str, list[float]], way: str) -> float:
    return typical([log(mine / bare) for mine, bare in zip(seconds[way], seconds[NONE], strict=True)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", nargs="*", default=["original", "fast"])
    parser.add_argument("--scale", default="laptop")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    for name in asked.variants:
        plan = COMMANDS["profile"].plan(Request(names=(name,), scale=asked.scale, threads=asked.threads)).plan
        found = [compare(plan, number, asked.rounds) for number in range(asked.blocks)]
        for probe in plan.probes:
            epoch, turn = (units.ratio(interval([logs[probe][which] for logs in found])) for which in (0, 1))
            print(f"{name:14} {probe:12} epoch {epoch}   turn {turn}", flush=True)


if __name__ == "__main__":
    main()
