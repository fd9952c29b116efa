"""Does a projection from a tenth of the epochs predict the time of a whole training?

    python benchmarks/experiments/projection.py --out projection.jsonl

In each block, two fresh processes of one variant take turns. One trains its whole schedule in slices, and the other
runs only the sample that `harness compare` would take of it. The projection from that sample is compared with the sum
of the real epochs. It prints both for each block, their ratio over blocks with its 95 % interval, and the number of
real trainings within the interval that the projection gives for one training. Each block is a line in `--out`, and a
file with some blocks is completed. A block of the built-in baseline at smoke scale takes about a minute.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from math import log
from pathlib import Path

from harness.analysis.epochs.projection import one_more, schedule_seconds
from harness.analysis.epochs.table import table
from harness.analysis.stats.ratios import interval
from harness.engine.groups.group import Group
from harness.engine.groups.known import Known
from harness.engine.groups.taking_turns import TakingTurns
from harness.engine.processes.answers import Built, Ran
from harness.engine.processes.arm import ArmProcess
from harness.plan import planning
from harness.plan.plan import Plan, usable_cores
from harness.plan.planning import Traits
from harness.plan.request import Request
from harness.record.events import Progress
from harness.record.schema import SCHEMA, BlockEnd, Header, Slice
from harness.record.store import Record
from harness.report import units

SLICE = 200
"""Number of epochs of the whole training in one turn."""


class Training:
    """A process that trains the whole schedule, one slice at a time."""

    def __init__(self, plan: Plan, logs: Path) -> None:
        self._arm = ArmProcess(plan.arms[0], plan, 0, usable_cores()[-plan.threads :], logs / "whole.log")
        built = self._arm.receive()
        assert isinstance(built, Built), built
        self.epochs = built.description.segments[-1].stop
        self.seconds = 0.0
        self.done = 0

    def advance(self) -> None:
        """Train for one more slice."""
        answer = self._arm.run(range(self.done, min(self.done + SLICE, self.epochs)))
        assert isinstance(answer, Ran), answer
        self.seconds += sum(epoch.wall for epoch in answer.epochs)
        self.done += len(answer.epochs)

    def close(self) -> None:
        self._arm.close()


def measure(plan: Plan, block: int, share: float, logs: Path) -> dict[str, float]:
    """Run one block and return the time of a whole training and its projection, both in seconds."""
    whole = Training(plan, logs)
    record = Record(
        [Header(schema=SCHEMA, run="projection", started="", plan=plan, machine={}, versions={}, commit=None)]
    )
    # The slices of the whole training run at random moments during the sample, whose length is only known roughly.
    rng = random.Random(f"{plan.seed}/{block}")
    moments = sorted(rng.random() for _ in range(0, whole.epochs, SLICE))
    sampled = 0
    try:
        for event in TakingTurns(Group(plan, block, 0, [plan.baseline], logs, Known())).run_together():
            if isinstance(event, Progress):
                if event.doing in ("first epochs", "taking turns"):
                    while moments and moments[0] <= sampled / (share * whole.epochs):
                        moments.pop(0)
                        whole.advance()
            else:
                record.add(event)
            if isinstance(event, Slice):
                sampled += len(event.epochs)
        record.add(BlockEnd(block))
        while whole.done < whole.epochs:
            whole.advance()
    finally:
        whole.close()
    if sampled > share * whole.epochs:
        raise SystemExit(f"{sampled} of {whole.epochs} epochs are more than {share:.0%}: ask for fewer --epochs.")
    projected = schedule_seconds(record, table(record), plan.baseline)
    assert projected is not None, "a kind of epoch was never measured"
    return {
        "block": block,
        "projected": projected.estimate,
        "real": whole.seconds,
        "sampled": sampled,
        "epochs": whole.epochs,
    }


def blocks(plan: Plan, share: float, out: Path) -> Iterator[dict[str, float]]:
    """Yield the blocks in the file `out`, and then the missing ones, after measuring them and writing them to it."""
    found = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    yield from found
    with tempfile.TemporaryDirectory() as logs, out.open("a") as file:
        for block in range(len(found), plan.blocks):
            measured = measure(plan, block, share, Path(logs))
            file.write(json.dumps(measured) + "\n")
            file.flush()
            yield measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="a file of lines, one a block")
    parser.add_argument("--variant", default="original")
    parser.add_argument("--scale", default="smoke")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=400, help="epochs to sample in turns, without first epochs")
    parser.add_argument("--share", type=float, default=0.1, help="of the epochs that may be sampled")
    parser.add_argument("--blocks", type=int, default=6)
    args = parser.parse_args()
    request = Request(
        names=(args.variant,), scale=args.scale, epochs=args.epochs, blocks=args.blocks, threads=args.threads
    )
    plan = planning.draft(request, Traits(command="project"))
    found = []
    for block in blocks(plan, args.share, args.out):
        found.append(block)
        ratio = block["projected"] / block["real"]
        print(
            f"block {block['block']}: projected {block['projected']:.2f} s from {block['sampled']} of {block['epochs']}"
            f" epochs, really {block['real']:.2f} s, ratio {ratio:.3f}",
            flush=True,
        )
    projected, real = one_more([block["projected"] for block in found]), one_more([block["real"] for block in found])
    print(f"ratio {units.ratio(interval([log(block['projected'] / block['real']) for block in found]))}")
    if projected.low is not None and projected.high is not None:
        within = sum(projected.low <= block["real"] <= projected.high for block in found)
        print(
            f"projected {projected.estimate:.2f} s, one training within {projected.low:.2f} to {projected.high:.2f} s;"
            f" really {real.estimate:.2f} s on the average, {within} of {len(found)} trainings within"
        )


if __name__ == "__main__":
    main()
