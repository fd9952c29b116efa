"""Is work that comes every so many epochs counted as often as it comes?

    python benchmarks/experiments/periods.py --out periods.jsonl

First on simulated clocks: arms of which one does more in one or two of every 2 to 12 epochs, of 5 ms to 0.5 s, with one
and two threads, noise between processes and between epochs, and epochs that settle taking 1.2 times as long; without a
length, with one that runs in part, with one that runs whole, and sought in. They go through the turns and the analysis
of a run, which takes some minutes. Then `harness compare` on real ones that sleep, 20 of them, about a minute each. For
both: how often the shown interval holds the truth, how often something beyond the tolerance is called the same, and the
worst errors. Started again with the same --out, the real ones go on.
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
        """Called the same, though it is not."""
        return self.verdict == SAME and self.truth > 1 + TOLERANCE

    @property
    def error(self) -> float:
        return abs(log(self.ratio.estimate / self.truth))


def simulate(setting: str, seed: int) -> Result:
    lots = random.Random(f"periods/{setting}/{seed}")
    period, threads = lots.randint(2, 12), lots.choice([1, 2])
    phases = sorted(lots.sample(range(period), lots.choice([1, min(2, period - 1)])))
    usual, extra = 0.005 * 100 ** lots.random(), lots.choice([0.05, 0.1, 0.3, 0.5, 1.0, 2.0, 10.0])
    noise, between = lots.choice([0.001, 0.01, 0.03]), lots.choice([0.0005, 0.005])
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
    """What `harness compare` says of a real one."""
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
    asked = parser.parse_args()
    for setting in SETTINGS if asked.simulated else ():
        report(setting, [simulate(setting, seed) for seed in range(asked.simulated)])
    results = []
    for one in real(asked.real, asked.out):
        results.append(one)
        low, high = one.ratio.low or 0.0, one.ratio.high or 0.0
        print(f"{one.what}: true {one.truth:.4f}, said {one.ratio.estimate:.4f} [{low:.4f}, {high:.4f}] {one.verdict}")
    if results:
        report("real clocks", results)


if __name__ == "__main__":
    main()
