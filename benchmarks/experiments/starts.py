"""Do forked arms give the same measurements as fresh ones? Compares equal programs started both ways and mixed.

    python benchmarks/experiments/starts.py --out starts.jsonl

For each number, it runs three comparisons of a variant with itself in random order: with forked arms, with fresh arms,
and with one arm of each kind. The ratios of the third, fresh to forked, show the effect of forking on epochs. With
--against, it compares the variant with another one, forked and fresh. For each way, it prints the verdicts, mean and
standard deviation of the block log-ratios, and the time of a block. Forking is acceptable if means and standard
deviations agree and if it has no effect on epochs. It takes about a minute and a half per number. If started again with
the same --out, it continues.
"""

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from math import log, sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from msgspec.structs import replace
from scipy.stats import chi2, t

from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.projection import schedule_logs
from harness.engine.session import measure
from harness.plan import controls, planning
from harness.plan.gate_rules import FIRST_EPOCH_TIME
from harness.plan.plan import Plan
from harness.plan.planning import Traits
from harness.plan.request import Request
from harness.report.summarize import summarize

FORKED, FRESH, BESIDE = "forked", "fresh", "beside"


def planned(way: str, variant: str, against: str | None, scale: str, threads: int, blocks: int, seed: int) -> Plan:
    """Plan a comparison of two arms with a fixed number of blocks.

    It is a plan for a self-check, whose arms only start and take turns, without counting operations.
    """
    names = (variant, *([against] if against else []))
    request = Request(names=names, scale=scale, blocks=blocks, seed=seed, threads=threads, fresh=way == FRESH)
    plan = planning.draft(request, Traits(command="selfcheck"))
    plan = replace(plan, epochs=None)  # the same number of epochs as with a budget
    if not against:
        plan = replace(plan, arms=(plan.arms[0], controls.repeat_of(plan.arms[0])))
    # References are never forked. Without whole trainings, that is the only effect of being a reference.
    return replace(plan, references=(plan.arms[1].label,)) if way == BESIDE else plan


def run(plan: Plan) -> dict[str, Any]:
    """Run one comparison and return its results and times."""
    with tempfile.TemporaryDirectory() as folder:
        record = measure(plan, Path(folder) / "run", lambda event, record: None)
    first, second = summarize(record).arms
    assert second.ratio and second.ratio_by_kind, "an arm failed, or the run was interrupted"
    by_kind = {kind: ratio.estimate for kind, ratio in second.ratio_by_kind.items()}
    one, other = first.value(FIRST_EPOCH_TIME), second.value(FIRST_EPOCH_TIME)
    assert one and other
    return {
        "started": [ready.started for ready in sorted(record.ready, key=lambda ready: ready.arm)][:: plan.blocks],
        "verdict": second.verdict,
        "estimate": second.ratio.estimate,
        "estimates": by_kind | {"first epoch": other / one},
        "logs": schedule_logs(record, epoch_table.table(record), second.name),
        "block_seconds": [end.seconds for end in record.blocks_done],
        "build_seconds": [ready.build_seconds for ready in record.ready],
    }


def mean(values: Sequence[float]) -> str:
    """Format the mean of values with its 95 % interval, in percent."""
    if len(values) < 2:
        return f"{values[0]:+.2%}"
    half = t.ppf(0.975, len(values) - 1) * stdev(values) / sqrt(len(values))
    return f"{fmean(values):+.2%} +- {half:.2%}"


def scatter(values: Sequence[float]) -> str:
    """Format the standard deviation of values with its 95 % interval, in percent."""
    if len(values) < 2:
        return "unknown"
    free = len(values) - 1
    low, high = (stdev(values) * sqrt(free / chi2.ppf(share, free)) for share in (0.975, 0.025))
    return f"{stdev(values):.2%} [{low:.2%}, {high:.2%}]"


def conclude(way: str, own: Sequence[dict[str, Any]]) -> None:
    """Print the results of all runs of one way."""
    logs = [value for one in own for value in one["logs"]]
    said = dict(Counter(one["verdict"] for one in own))
    estimates = " ".join(f"{one['estimate']:.4f}" for one in own)
    print(f"{way}: {len(own)} runs of {len(logs)} blocks in all, verdicts {said}")
    print(f"  seconds a block: {fmean(seconds for one in own for seconds in one['block_seconds']):.1f}")
    print(f"  block log-ratios of the whole schedule: mean {mean(logs)}, sd {scatter(logs)}")
    print(f"  ratios, run by run: {estimates}")
    for what in own[0]["estimates"]:
        print(
            f"  log-ratios of {what}: {mean([log(one['estimates'][what]) for one in own if what in one['estimates']])}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", default="shared-times", help="a registered one")
    parser.add_argument("--against", help="another variant, whose ratio should be the same both ways")
    parser.add_argument("--scale", default="smoke")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--blocks", type=int, default=3, help="blocks per run")
    parser.add_argument("--numbers", type=int, default=8, help="runs per way")
    parser.add_argument("--out", type=Path, default=Path("starts.jsonl"))
    args = parser.parse_args()
    what = {name: getattr(args, name) for name in ("variant", "against", "scale", "threads", "blocks")}
    kept = [json.loads(line) for line in args.out.read_text().splitlines()] if args.out.exists() else []
    done = [one for one in kept if one.items() >= what.items()]
    known = {(one["number"], one["way"]) for one in done}
    ways = (FORKED, FRESH) if args.against else (FORKED, FRESH, BESIDE)
    for number in range(args.numbers):
        for way in random.Random(number).sample(ways, len(ways)):
            if (number, way) not in known:
                found = what | {"number": number, "way": way} | run(planned(way, **what, seed=number))
                done.append(found)
                with args.out.open("a") as file:
                    print(json.dumps(found), file=file)
                seconds = fmean(found["block_seconds"])
                print(f"{number:3} {way:6} {found['estimate']:.4f} {seconds:.1f} s a block", flush=True)
    for way in ways:
        if own := [one for one in done if one["way"] == way]:
            conclude(way, own)


if __name__ == "__main__":
    main()
