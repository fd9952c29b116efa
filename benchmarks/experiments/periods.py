"""Is periodic work of an arm counted as often as it occurs?

    python benchmarks/experiments/periods.py --out periods.jsonl

The first part uses simulated clocks. One of two arms has additional work in one or two of every 2 to 12 epochs, which
take 5 ms to 0.5 s, with one or two threads, noise between processes and between epochs, and settling epochs that take
1.2 times as long. The schedules have no length, a length that runs partly or completely, or seek(). They go through the
turns and the analysis of a run, which takes some minutes. The second part runs `harness compare` on 20 pairs of real
trainers that sleep, about a minute each. For both parts, it prints how often the interval contains the true ratio, how
often a difference beyond the tolerance is called the same, and the worst errors. If started again with the same --out,
the second part continues.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import exp, log
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from pairs import install
from periodic import drawn
from simulated import sampled

from harness.analysis.epochs.projection import Projection
from harness.analysis.epochs.table import table
from harness.analysis.stats.levels import level
from harness.analysis.stats.ratios import Ratio, of_times
from harness.analysis.stats.verdicts import SAME, verdicts
from harness.plan import turn_length
from harness.worker.wire.messages import Description, Segment

TOLERANCE, FEWEST, MOST = 0.03, 3, 6
LENGTH = 1200
SETTINGS = {
    "no length": (Description(False, []), None),
    "a length, of which a part runs": (Description(False, [Segment("epoch", 0, LENGTH)]), None),
    "120 epochs asked for": (Description(False, []), 120),
    "sought in": (Description(True, [Segment("epoch", 0, LENGTH)]), None),
}


@dataclass(frozen=True)
class Result:
    setting: str
    what: str
    truth: float
    ratio: Ratio
    verdict: str

    @property
    def holds(self) -> bool:
        return (self.ratio.low or 0.0) <= self.truth <= (self.ratio.high or 0.0)

    @property
    def wrong(self) -> bool:
        """Whether it is called the same although it is not."""
        return self.verdict == SAME and self.truth > 1 + TOLERANCE

    @property
    def error(self) -> float:
        return abs(log(self.ratio.estimate / self.truth))


def simulate(setting: str, seed: int) -> Result:
    rng = random.Random(f"periods/{setting}/{seed}")
    period, threads = rng.randint(2, 12), rng.choice([1, 2])
    phases = sorted(rng.sample(range(period), rng.choice([1, min(2, period - 1)])))
    usual, extra = 0.005 * 100 ** rng.random(), rng.choice([0.05, 0.1, 0.3, 0.5, 1.0, 2.0, 10.0])
    noise, between = rng.choice([0.001, 0.01, 0.03]), rng.choice([0.0005, 0.005])
    description, epochs = SETTINGS[setting]
    counted, settling = turn_length.seconds(threads)

    def cost(index: int, new: object = None) -> float:
        return usual * (1 + extra * (index % period in phases))

    run = sampled(
        description,
        {"plain": lambda index, new: usual, "periodic": cost},
        blocks=FEWEST,
        epochs=epochs,
        noise=noise,
        block_noise=between,
        cold=1.2,
        seed=seed,
        threads=threads,
        slice_seconds=counted,
        settling_seconds=settling,
    )
    logs = list(Projection(run, table(run)).logs_by_block("periodic").values())
    length = epochs or (LENGTH if description.segments else None)
    truth = sum(map(cost, range(length))) / length / usual if length else 1 + extra * len(phases) / period
    verdict = verdicts({"periodic": logs}, TOLERANCE, FEWEST, MOST)["periodic"].answer
    what = f"{usual * 1e3:.0f} ms, +{extra:.0%} in {phases} of {period}, {threads} threads, noise {noise:.1%}"
    return Result(setting, what, truth, of_times(logs, level(FEWEST, MOST)), verdict)


def measure(number: int) -> dict[str, Any]:
    """Return the results of `harness compare` for a pair of real trainers."""
    work = drawn(number)
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        paths = os.pathsep.join([*install(Path(folder), "periodic"), os.environ.get("PYTHONPATH", "")])
        options = ["--threads", str(work.threads), "--out", str(Path(folder) / "run"), "--json", str(summary)]
        command = [sys.executable, "-m", "harness", "compare", f"plain_{number}", f"periodic_{number}", *options]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": paths})
        found = json.loads(summary.read_text())
    arm = found["arms"][1]
    return {
        "number": number,
        "ratio": arm["metrics"]["total_time"]["ratio"],
        "verdict": arm["verdict"],
        "scope": found["scope"],
    }


def real(number: int, out: Path) -> Iterator[Result]:
    done = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    with out.open("a") as file:
        for one in range(number):
            found = done[one] if one < len(done) else measure(one)
            if one >= len(done):
                file.write(json.dumps(found) + "\n")
                file.flush()
            work = drawn(one)
            yield Result("real", str(asdict(work)), work.truth, Ratio(**found["ratio"]), found["verdict"])


def report(setting: str, results: list[Result]) -> None:
    held, wrong = sum(one.holds for one in results), sum(one.wrong for one in results)
    worst = max(results, key=lambda one: one.error)
    print(
        f"{setting}: {held} of {len(results)} intervals hold the truth, {wrong} called the same that are not; worst "
        f"estimate {exp(worst.error) - 1:.2%} off ({worst.what}: {worst.truth:.4f}, said {worst.ratio.estimate:.4f})",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="a file of lines, one a real run")
    parser.add_argument("--simulated", type=int, default=200, help="of each setting")
    parser.add_argument("--real", type=int, default=20)
    args = parser.parse_args()
    for setting in SETTINGS if args.simulated else ():
        report(setting, [simulate(setting, seed) for seed in range(args.simulated)])
    results = []
    for one in real(args.real, args.out):
        results.append(one)
        low, high = one.ratio.low or 0.0, one.ratio.high or 0.0
        print(f"{one.what}: true {one.truth:.4f}, said {one.ratio.estimate:.4f} [{low:.4f}, {high:.4f}] {one.verdict}")
    if results:
        report("real clocks", results)


if __name__ == "__main__":
    main()
