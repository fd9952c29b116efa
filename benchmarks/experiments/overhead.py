"""Measures the overhead of harness: an epoch under `harness` compared with the same epoch in a plain Python loop.

    python benchmarks/experiments/overhead.py

In each block, both are fresh processes with the same preparation, and take turns in random order, like the arms of a
comparison. It prints the ratio of the times of an epoch, and the ratio of the times of a whole turn from the order to
the answer, which includes the journal and the pipe, both with their 95 % intervals over blocks.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from math import log
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from harness.analysis.epochs.effects import QUANTILE
from harness.analysis.stats.ratios import interval, typical
from harness.commands.registry import COMMANDS
from harness.engine.processes.answers import Ran
from harness.engine.processes.arm import ArmProcess
from harness.plan import turn_length
from harness.plan.plan import Plan, usable_cores
from harness.plan.request import Request
from harness.report import units

ROUNDS = 150


class Harnessed:
    """An arm as in a comparison."""

    def __init__(self, plan: Plan, log_file: Path) -> None:
        self._arm = ArmProcess(plan.arms[-1], plan, 0, usable_cores()[-plan.threads :], log_file)
        self._arm.receive()

    def run(self, indices: Sequence[int]) -> list[float]:
        answer = self._arm.run(indices)
        assert isinstance(answer, Ran), answer
        return [epoch.wall for epoch in answer.epochs]

    def close(self) -> None:
        self._arm.close()


class Bare:
    """A process with a loop and a clock, without any code of harness."""

    def __init__(self, plan: Plan) -> None:
        variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        threads = dict.fromkeys((*variables, "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), str(plan.threads))
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--bare", plan.arms[-1].variant, str(plan.scale)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | threads | {"PYTHONHASHSEED": "0"},
            preexec_fn=lambda: os.sched_setaffinity(0, usable_cores()[-plan.threads :]),  # noqa: PLW1509
        )
        self._read_answer()

    def run(self, indices: Sequence[int]) -> list[float]:
        assert self._process.stdin is not None
        print(json.dumps(list(indices)), file=self._process.stdin, flush=True)
        walls: list[float] = self._read_answer()
        return walls

    def _read_answer(self) -> Any:
        assert self._process.stdout is not None
        while not (line := self._process.stdout.readline()).startswith("["):
            assert line, "the bare loop died"
        return json.loads(line)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def bare(name: str, scale: str) -> None:
    """Run the plain loop: read indices of epochs from stdin, and write their seconds to stdout."""
    from variants.recipes import collection

    (variant,) = (variant for variant in collection.variants if variant.name == name)
    trainer = variant.build(case="case1", scale=scale, seed=0)
    print("[]", flush=True)
    latest = -1
    for line in sys.stdin:
        walls = []
        for index in json.loads(line):
            if index != latest + 1:
                trainer.seek(index)
            latest = index
            began = perf_counter()
            trainer.epoch(index)
            walls.append(perf_counter() - began)
        print(json.dumps(walls), flush=True)


def compare(plan: Plan, number: int) -> tuple[float, float]:
    """Run one block and return its log-ratios of harness to the plain loop, for an epoch and for a slice."""
    rng = random.Random(number)
    with tempfile.TemporaryDirectory() as folder:
        starts = {"harnessed": lambda: Harnessed(plan, Path(folder) / "log"), "bare": lambda: Bare(plan)}
        both = {name: starts[name]() for name in rng.sample(sorted(starts), 2)}
        try:
            walls = [wall for each in both.values() for wall in each.run(range(20))[5:]]
            turn = turn_length.length(plan.slice_seconds, plan.settling_seconds, sum(walls) / len(walls))
            length = turn.settling + turn.counted
            epochs: dict[str, list[float]] = {name: [] for name in both}
            turns: dict[str, list[float]] = {name: [] for name in both}
            for round_ in range(ROUNDS):
                indices = [20 + (round_ * length + step) % 60 for step in range(length)]
                for name in rng.sample(sorted(both), 2):
                    began = perf_counter()
                    walls = both[name].run(indices)
                    turns[name].append(perf_counter() - began)
                    epochs[name].append(float(np.quantile(walls[turn.settling :], QUANTILE)))
            return _estimate_ratio(epochs), _estimate_ratio(turns)
        finally:
            for each in both.values():
                each.close()


def _estimate_ratio(seconds: dict[str, list[float]]) -> float:
    ratios = [log(mine / bare) for mine, bare in zip(seconds["harnessed"], seconds["bare"], strict=True)]
    return typical(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", nargs="*", default=["original", "shared-times"])
    parser.add_argument("--scale", default="smoke")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.bare:
        return bare(*args.bare)
    for name in args.variants:
        request = Request(names=(name,), scale=args.scale, blocks=args.blocks, threads=args.threads)
        plan = COMMANDS["compare"].plan(request).plan
        found = [compare(plan, number) for number in range(args.blocks)]
        epoch, turn = (units.ratio(interval([logs[which] for logs in found])) for which in (0, 1))
        print(f"{name:14} epoch {epoch}   turn, with journal and pipe {turn}", flush=True)
    return None


if __name__ == "__main__":
    main()
