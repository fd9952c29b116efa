"""Measures how often a comparison is wrong, on pairs of equal programs and on pairs with a deliberate slowdown.

    python benchmarks/experiments/false_alarms.py --out false_alarms.jsonl

It runs `harness compare` with a budget of 60 s on each pair and, directly afterwards, the same pair with
pytest-benchmark, with a stored baseline and --benchmark-compare-fail=median:5%. The pairs are in random order and take
about 75 s each. If started again with the same --out, it continues.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pairs import install

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Pair:
    """One repetition of a comparison."""

    program: str
    """The name of a program in `pairs`, which is compared with `one`."""
    tolerance: float
    number: int


def pairs(nulls: int, planted: int) -> list[Pair]:
    """Return all pairs, in a random order that is always the same."""
    found = [Pair("other", 0.03, number) for number in range(nulls)]
    for program, tolerance in (("slower_5", 0.03), ("slower_3", 0.01)):
        found += [Pair(program, tolerance, number) for number in range(planted)]
    return random.Random(0).sample(found, len(found))


def measure(pair: Pair, budget: str, environment: dict[str, str]) -> dict[str, Any]:
    """Return the results of `harness compare` for the pair."""
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        arms = ["one", pair.program]
        options = ["--scale", "smoke", "--threads", "1", "--budget", budget, "--tolerance", str(pair.tolerance)]
        options += ["--seed", str(pair.number), "--out", str(Path(folder) / "run"), "--json", str(summary)]
        began = time.monotonic()
        command = [sys.executable, "-m", "harness", "compare", *arms, *options]
        subprocess.run(command, check=True, capture_output=True, env=environment)
        seconds = time.monotonic() - began
        found = json.loads(summary.read_text())
        arm = found["arms"][1]
        named = {name: arm[name] for name in ("verdict", "smallest_visible_ratio")}
        named["ratio"] = arm["metrics"]["total_time"]["ratio"]
        named["ratio_by_kind"] = arm["metrics"]["epoch_time"]["ratio_by_kind"]
        return named | {"blocks": found["blocks"], "stopped": found["stopped"], "seconds": seconds}


def measure_with_stored_baseline(pair: Pair, environment: dict[str, str]) -> dict[str, Any]:
    """Return whether pytest-benchmark fails for the pair, and its ratio of medians."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", str(HERE / "stored_baseline.py"), "-q", "-p", "no:cacheprovider"]
        command += ["--benchmark-only", f"--benchmark-storage={folder}"]

        def run(program: str, *options: str) -> int:
            settings = environment | {"PROGRAM": program}
            return subprocess.run(
                [*command, *options], check=False, capture_output=True, env=settings, cwd=HERE
            ).returncode

        assert run("one", "--benchmark-save=base") == 0
        # Saved by name, because a run that fails is not saved automatically.
        compared = ("--benchmark-compare=0001", "--benchmark-compare-fail=median:5%", "--benchmark-save=head")
        code = run(pair.program, *compared)
        stored = (next(Path(folder).rglob(f"*_{name}.json")) for name in ("base", "head"))
        base, head = (json.loads(file.read_text())["benchmarks"][0]["stats"]["median"] for file in stored)
        return {"stored_failed": code != 0, "stored_ratio": head / base}


def conclude(done: Sequence[dict[str, Any]]) -> None:
    """Print the verdicts for each kind of pair."""
    for program, tolerance in (("other", 0.03), ("slower_5", 0.03), ("slower_3", 0.01)):
        own = [one for one in done if (one["program"], one["tolerance"]) == (program, tolerance)]
        if own:
            said = Counter(one["verdict"] for one in own)
            longest = max(one["seconds"] for one in own)
            ratios = sorted(one["ratio"]["estimate"] for one in own)
            failed = sum(one["stored_failed"] for one in own)
            print(f"one against {program}, tolerance {tolerance:.0%}: {len(own)} pairs, at most {longest:.0f} s each")
            print(f"  harness: {dict(said)}, ratios {ratios[0]:.3f} to {ratios[-1]:.3f}")
            print(f"  stored baseline, median:5%: {failed} failed, {len(own) - failed} passed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nulls", type=int, default=20)
    parser.add_argument("--planted", type=int, default=10)
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--out", type=Path, default=Path("false_alarms.jsonl"))
    args = parser.parse_args()
    done = [json.loads(line) for line in args.out.read_text().splitlines()] if args.out.exists() else []
    known = {(one["program"], one["tolerance"], one["number"]) for one in done}
    installed = tempfile.TemporaryDirectory()
    paths = os.pathsep.join(filter(None, [*install(Path(installed.name)), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "2"}
    for pair in pairs(args.nulls, args.planted):
        if (pair.program, pair.tolerance, pair.number) in known:
            continue
        ours = measure(pair, args.budget, environment)
        found = asdict(pair) | ours | measure_with_stored_baseline(pair, environment)
        done.append(found)
        with args.out.open("a") as file:
            print(json.dumps(found), file=file)
        print(
            f"{len(done):3} {pair.program:9} {found['verdict'] or 'none':7} {found['ratio']['estimate']:.4f} "
            f"{found['blocks']} blocks {found['seconds']:.0f} s | stored {found['stored_ratio']:.3f}",
            flush=True,
        )
    conclude(done)


if __name__ == "__main__":
    main()
