"""Measures the overhead of the probes of a profile, and of the pass that finds the time of lines: an epoch with each
probe compared with the same epoch without one.

    python benchmarks/experiments/probes.py

In each block, a fresh process runs a few epochs with each probe and without one, in random order, for several rounds.
It prints the ratio of the times of an epoch and the ratio of the times of a whole turn, which includes the work of a
probe between epochs (reading what it saw), both with their 95 % intervals over blocks. `overhead.py` measures the
overhead of harness without probes.
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
from harness.worker.wire.evidence import COUNTING

NONE = "none"
EPOCHS = 5
"""Number of epochs in a turn. The time of the first one, which follows a jump, is ignored."""


def compare(plan: Plan, number: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Run one block and return the log-ratios of each probe to no probe, for an epoch and for a turn."""
    rng = random.Random(number)
    probes = _list_probes(plan)
    ways = (NONE, *probes)
    epochs: dict[str, list[float]] = {way: [] for way in ways}
    turns: dict[str, list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        arm = ArmProcess(plan.arms[0], plan, 0, usable_cores()[-plan.threads :], Path(folder) / "log")
        try:
            arm.receive()
            for round_ in range(rounds + 1):
                for way in rng.sample(ways, len(ways)):
                    began = perf_counter()
                    answer = arm.run(range(20, 20 + EPOCHS), watch=None if way == NONE else way)
                    took = perf_counter() - began
                    assert isinstance(answer, Ran), answer
                    if round_:  # the first round is a warm-up, also for the probes
                        turns[way].append(took)
                        epochs[way].append(float(np.median([epoch.wall for epoch in answer.epochs[1:]])))
        finally:
            arm.close()
    return {way: (_estimate_ratio(epochs, way), _estimate_ratio(turns, way)) for way in probes}


def _list_probes(plan: Plan) -> tuple[str, ...]:
    return (*plan.probes, COUNTING)


def _estimate_ratio(seconds: dict[str, list[float]], way: str) -> float:
    return typical([log(mine / bare) for mine, bare in zip(seconds[way], seconds[NONE], strict=True)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", nargs="*", default=["original", "fast"], help="names, or FILE:NAME")
    parser.add_argument("--scale", default="laptop")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=20)
    args = parser.parse_args()
    for name in args.variants:
        plan = COMMANDS["profile"].plan(Request(names=(name,), scale=args.scale, threads=args.threads)).plan
        found = [compare(plan, number, args.rounds) for number in range(args.blocks)]
        for probe in _list_probes(plan):
            epoch, turn = (units.ratio(interval([logs[probe][which] for logs in found])) for which in (0, 1))
            print(f"{name:14} {probe:12} epoch {epoch}   turn {turn}", flush=True)


if __name__ == "__main__":
    main()
