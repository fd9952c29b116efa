"""Are arms that are forked measured as fresh ones are? Equal programs, started both ways, and beside each other.

    python benchmarks/experiments/starts.py --out starts.jsonl

For each number it runs, in random order, a comparison of a variant with itself with forked arms, one with fresh arms,
and one with an arm of each sort, whose ratios, fresh to forked, are what forking does to epochs. Or it compares the
variant with another (--against), forked and fresh. For each way it prints what was said, mean and scatter of the block
log-ratios, and what a block takes. Forking may be kept if means and scatter agree, and if it does nothing to epochs.
Takes about a minute and a half a number. Started again with the same --out, it goes on.
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
    """Two arms, for a fixed number of blocks. A self-check's arms only start and take turns: they count nothing."""
    names = (variant, *([against] if against else []))
    request = Request(names=names, scale=scale, blocks=blocks, seed=seed, threads=threads, fresh=way == FRESH)
    plan = planning.draft(request, Traits(command="selfcheck"))
    plan = replace(plan, epochs=None)  # as many as with a budget
    if not against:
        plan = replace(plan, arms=(plan.arms[0], controls.repeat_of(plan.arms[0])))
    # References are never forked, and are nothing else where no whole trainings run.
    return replace(plan, references=(plan.arms[1].label,)) if way == BESIDE else plan


def run(plan: Plan) -> dict[str, Any]:
    """What one comparison says, and what it took."""
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
    """Their mean with its 95 % interval, in percent."""
    if len(values) < 2:
        return f"{values[0]:+.2%}"
    half = t.ppf(0.975, len(values) - 1) * stdev(values) / sqrt(len(values))
    return f"{fmean(values):+.2%} +- {half:.2%}"


def scatter(values: Sequence[float]) -> str:
    """Their standard deviation with its 95 % interval, in percent."""
    if len(values) < 2:
        return "unknown"
    free = len(values) - 1
    low, high = (stdev(values) * sqrt(free / chi2.ppf(share, free)) for share in (0.975, 0.025))
    return f"{stdev(values):.2%} [{low:.2%}, {high:.2%}]"


def conclude(way: str, own: Sequence[dict[str, Any]]) -> None:
    """Print what the runs of one way found."""
    logs = [value for one in own for value in one["logs"]]
    said = dict(Counter(one["verdict"] for one in own))
    estimates = " ".join(f"{one['estimate']:.4f}" for one in own)
    print(f"{way}: {len(own)} runs of {len(logs)} blocks in all, said {said}")
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
    parser.add_argument("--against", help="another one, whose ratio is to be the same both ways")
    parser.add_argument("--scale", default="smoke")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--blocks", type=int, default=3, help="of each run")
    parser.add_argument("--numbers", type=int, default=8, help="runs of each way")
    parser.add_argument("--out", type=Path, default=Path("starts.jsonl"))
    asked = parser.parse_args()
    what = {name: getattr(asked, name) for name in ("variant", "against", "scale", "threads", "blocks")}
    kept = [json.loads(line) for line in asked.out.read_text().splitlines()] if asked.out.exists() else []
    done = [one for one in kept if one.items() >= what.items()]
    known = {(one["number"], one["way"]) for one in done}
    ways = (FORKED, FRESH) if asked.against else (FORKED, FRESH, BESIDE)
    for number in range(asked.numbers):
        for way in random.Random(number).sample(ways, len(ways)):
            if (number, way) not in known:
                found = what | {"number": number, "way": way} | run(planned(way, **what, seed=number))
                done.append(found)
                with asked.out.open("a") as file:
                    print(json.dumps(found), file=file)
                seconds = fmean(found["block_seconds"])
                print(f"{number:3} {way:6} {found['estimate']:.4f} {seconds:.1f} s a block", flush=True)
    for way in ways:
        if own := [one for one in done if one["way"] == way]:
            conclude(way, own)


if __name__ == "__main__":
    main()
