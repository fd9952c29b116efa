"""How long a block takes with one build of harness and with another, on a training in a file.

    python benchmarks/experiments/blocks.py --builds ../before . --out blocks.jsonl

A build is a folder with harness in it, such as a clone at an earlier commit. Each repeat runs the same comparison of a
training with its twin once by each build, in random order: `harness compare FILE:A FILE:B --budget 60s`. Prints for
each build the seconds of a block after the first one, how many blocks there were, and the verdicts; and the ratio of
the blocks' seconds with its 95 % interval over repeats. If started again with the same --out, it continues.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from math import log
from pathlib import Path
from statistics import median
from typing import Any

from harness.analysis.stats.ratios import interval
from harness.record import store
from harness.report import units

TRAINERS = Path(__file__).resolve().with_name("small_mlps.py")


def measure(build: Path, framework: str, against: str, budget: str) -> dict[str, Any]:
    """Run one comparison by a build, and return the seconds of its blocks and its verdict."""
    with tempfile.TemporaryDirectory() as folder:
        out, summary = Path(folder) / "run", Path(folder) / "summary.json"
        names = [f"{TRAINERS}:{framework}", f"{TRAINERS}:{framework}{against}"]
        command = [sys.executable, "-m", "harness", "compare", *names]
        subprocess.run(
            [*command, "--budget", budget, "--out", str(out), "--json", str(summary)],
            env=os.environ | {"PYTHONPATH": str(build)},
            cwd=folder,
            check=True,
            capture_output=True,
        )
        blocks = [one.seconds for one in store.read(out).blocks_done]
        (_, arm) = json.loads(summary.read_bytes())["arms"]
        return {"blocks": blocks, "verdict": arm["verdict"], "ratio": arm["metrics"]["total_time"]["ratio"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--builds", nargs=2, type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--framework", default="TensorFlow", choices=["TensorFlow", "Torch", "Jax"])
    parser.add_argument("--against", default="Twin", choices=["Twin", "More"])
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    done = [json.loads(line) for line in args.out.read_text().splitlines()] if args.out.exists() else []
    builds = [build.resolve() for build in args.builds]
    key = [args.framework, args.against, args.budget]
    for repeat in range(args.repeats):
        for build in random.Random(repeat).sample(builds, 2):
            if any([one["build"], one["repeat"], one["key"]] == [str(build), repeat, key] for one in done):
                continue
            found = measure(build, args.framework, args.against, args.budget)
            done.append({"build": str(build), "repeat": repeat, "key": key, **found})
            with args.out.open("a") as file:
                file.write(json.dumps(done[-1]) + "\n")
            print(done[-1], flush=True)
    own = [one for one in done if one["key"] == key]
    seconds: dict[str, list[float]] = {}
    for build in map(str, builds):
        mine = sorted((one for one in own if one["build"] == build), key=lambda one: one["repeat"])
        seconds[build] = [median(one["blocks"][1:] or one["blocks"]) for one in mine]
        verdicts = ", ".join(f"{count} {verdict}" for verdict, count in Counter(one["verdict"] for one in mine).items())
        numbers = [len(one["blocks"]) for one in mine]
        print(f"{build}: {median(seconds[build]):.2f} s a block, {numbers} blocks, {verdicts}")
    first, second = (seconds[str(build)] for build in builds)
    logs = [log(two / one) for one, two in zip(first, second, strict=True)]
    print(f"seconds of a block, {builds[1].name or builds[1]} to {builds[0].name}: {units.ratio(interval(logs))}")


if __name__ == "__main__":
    main()
