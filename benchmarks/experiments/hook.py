"""Measures what watching a program's loop costs, and whether it gives the same times as a trainer's `epoch()`.

    python benchmarks/experiments/hook.py

First the same work runs in a loop that is marked, in a loop that is found in the source, and in `epoch()`, as three
arms of one comparison: all should be the same. Then a loop that does nothing is timed from outside, with and without
being watched; the difference is the cost of a pass.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from harness.commands.registry import COMMANDS
from harness.engine.session import measure
from harness.plan.request import Request
from harness.report.summarize import summarize
from harness.worker.programs.noticing import Noticed
from harness.worker.programs.watcher import Loop, Watcher
from harness.worker.recorder import Recorder
from harness.worker.wire.messages import Build, Description, Run
from harness.worker.worker import _make_probes

WORK = """
import numpy as np

class Loss(float):
    def backward(self):
        pass

rng = np.random.default_rng(0)
a = rng.normal(size=({size}, {size}))

def work():
    global a
    a = a @ a
    a /= np.linalg.norm(a)
    return Loss(np.abs(a).sum())
"""
MARKED = """
import harness
from work import work

for epoch in harness.epochs(range({epochs})):
    harness.report(loss=work())
"""
FOUND = """
from work import work

for epoch in range({epochs}):
    loss = work()
    loss.backward()
"""
TRAINER = """
from work import work

class Trainer:
    epochs = {epochs}

    def epoch(self, index):
        return {{"loss": float(work())}}
"""
PASSES = 20_000


def compare(size: int, epochs: int, blocks: int) -> None:
    """Compare the three ways to run the same work, and print each ratio to the trainer's."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sources = {"work.py": WORK, "marked.py": MARKED, "found.py": FOUND, "trainer.py": TRAINER}
        for name, source in sources.items():
            (folder / name).write_text(source.format(size=size, epochs=epochs))
        names = (f"{folder}/trainer.py:Trainer", f"{folder}/marked.py", f"{folder}/found.py")
        labels = ("epoch()", "harness.epochs", "found in the source")
        request = Request(names=names, labels=labels, blocks=blocks, threads=1)
        record = measure(COMMANDS["compare"].plan(request).plan, folder / "run", lambda event, record: None)
        summary = summarize(record)
    for arm in summary.arms[1:]:
        ratio = arm.ratio
        shown = f"{ratio.estimate:.4f}x [{ratio.low:.4f}, {ratio.high:.4f}]" if ratio and ratio.low else "no interval"
        print(f"{arm.name}: {shown} of {summary.arms[0].name}, {arm.verdict}; losses {arm.losses}")


class _Turns:
    """One order for all passes."""

    def next_run(self) -> Run:
        return Run(list(range(PASSES + 1)))

    def built(self, description: Description) -> None: ...

    def ran(self, ended: bool, expected: int | None) -> None: ...

    def fail(self, error: BaseException) -> None:
        raise error


def cost_of_a_pass() -> float:
    """Microseconds that a watched pass takes beyond one that is not watched."""
    with tempfile.TemporaryDirectory() as place:
        order = Build(variant="", case=None, scale=None, seed=0, cores=[0], journal=f"{place}/journal")
        watcher = Watcher(Recorder(order, list(_make_probes(None))), _Turns(), lambda: True)
        noticed = Noticed(("loss",))
        loss = 0.0
        began = perf_counter()
        for _ in range(PASSES):
            loss += 1.0
        plain = perf_counter() - began
        began = perf_counter()
        for _ in watcher.iterate(range(PASSES), Loop("here"), noticed.read):
            loss += 1.0
        return (perf_counter() - began - plain) / PASSES * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=150, help="rows of the matrix that an epoch multiplies")
    parser.add_argument("--epochs", type=int, default=3000)
    parser.add_argument("--blocks", type=int, default=8)
    args = parser.parse_args()
    compare(args.size, args.epochs, args.blocks)
    found = [cost_of_a_pass() for _ in range(5)]
    print(
        f"a watched pass costs {median(found):.1f} us ({min(found):.1f} to {max(found):.1f}), Python {sys.version[:6]}"
    )


if __name__ == "__main__":
    main()
