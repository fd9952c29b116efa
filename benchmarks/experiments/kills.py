"""Kills `harness compare` at random moments, and looks for lost slices and for processes that were left behind.

    python benchmarks/experiments/kills.py --out kills.jsonl

Every arm keeps a diary with the time at which it finished each epoch. Something is lost if epochs of a turn that was
over before the kill are in the diary and not in the record. Every second time, the arms are forked from one process.
They then end slightly later than the parent of that process. Each kill takes about ten seconds. If started again with
the same --out, it continues.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from pairs import install

from harness import Collection, Variant
from harness.errors import BadRecord
from harness.interface import Trainer
from harness.record.store import FILE_NAME, Record, read

PATIENCE = 5.0
"""Maximum time in seconds for children to end."""
DIARIES = "HARNESS_EXPERIMENT_DIARIES"


class Diarist:
    """A trainer that writes down the time after each epoch."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._diary = (Path(os.environ[DIARIES]) / str(os.getpid())).open("a", buffering=1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trainer, name)

    def epoch(self, index: int) -> Mapping[str, float]:
        losses = self._trainer.epoch(index)
        print(time.monotonic(), file=self._diary)
        return losses


def build(seed: int = 0) -> Trainer:
    """Build a small training that keeps a diary."""
    import pairs

    return Diarist(pairs.build(0.0, seed=seed))


one = Variant("one", "keeps a diary", partial(build))
other = Variant("other", "keeps a diary too", partial(build))
collection = Collection((one, other), preload=("tensorflow", "tensorflow_probability"))


def kill_once(seconds: float, forked: bool) -> dict[str, Any]:
    """Start a comparison, kill it after this many seconds, and return what was lost and left behind."""
    with tempfile.TemporaryDirectory() as folder:
        place, diaries = Path(folder) / "run", Path(folder) / "diaries"
        diaries.mkdir()
        arms = ["one", "other"] if forked else [f"{__file__}:one", f"{__file__}:other"]
        command = [sys.executable, "-m", "harness", "compare", *arms, "--out", str(place)]
        paths = os.pathsep.join(filter(None, [*install(Path(folder), "kills"), os.environ.get("PYTHONPATH")]))
        running = subprocess.Popen(
            command,
            env=os.environ | {DIARIES: str(diaries), "PYTHONPATH": paths},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(seconds)
        killed = time.monotonic()
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        left = left_behind(running.pid)
        if not (place / FILE_NAME).exists():
            return {"seconds": seconds, "slices": 0, "lost": 0, "left": left, "readable": True}
        try:
            record = read(place)
        except BadRecord as error:
            # It was killed before it wrote its first line, so nothing had been measured yet.
            nothing = not any(diaries.iterdir())
            return {"seconds": seconds, "slices": 0, "lost": 0, "left": left, "readable": nothing, "why": str(error)}
        return {
            "seconds": seconds,
            "slices": len(record.slices),
            "lost": _count_lost(record, diaries, killed),
            "left": left,
            "readable": True,
            "starts": [ready.started for ready in record.ready],
        }


def left_behind(parent: int) -> int:
    """Return the number of workers that are still alive some time after their parent has died, and kill them.

    The command line of a worker contains the process id of its parent.
    """
    until = time.monotonic() + PATIENCE
    while (alive := _find_workers(parent)) and time.monotonic() < until:
        time.sleep(0.1)
    for process in alive:
        process.kill()
    return len(alive)


def _find_workers(parent: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            line = process.cmdline()
            ours = any(part.startswith("harness.worker.") for part in line)
            if ours and line[-1] == str(parent) and process.status() != "zombie":
                found.append(process)
    return found


def _count_lost(record: Record, diaries: Path, killed: float) -> int:
    """Return the number of arms of which epochs are in the diaries and not in the record, although their turn was over.

    Only one arm computes at a time: the turn of an epoch is over if another arm of its block ran an epoch after it.
    """
    times = {ready.pid: _read_times(diaries / str(ready.pid), killed) for ready in record.ready}
    lost = 0
    for ready in record.ready:
        own = [piece for piece in record.slices if (piece.block, piece.arm) == (ready.block, ready.arm)]
        rivals = [other.pid for other in record.ready if other.block == ready.block and other.pid != ready.pid]
        latest = max((when for pid in rivals for when in times[pid]), default=0.0)
        lost += sum(when < latest for when in times[ready.pid]) > sum(len(piece.epochs) for piece in own)
    return lost


def _read_times(diary: Path, killed: float) -> list[float]:
    """Return the times of the epochs in a diary that ended before `killed`."""
    *written, _ = diary.read_text().split("\n") if diary.exists() else [""]  # the last line may be cut off
    return [when for when in map(float, written) if when < killed]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("kills.jsonl"))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    done = [json.loads(line) for line in args.out.read_text().splitlines()] if args.out.exists() else []
    moments = random.Random(args.seed)
    for number in range(args.kills):
        seconds = moments.uniform(0.5, 30.0)
        if number < len(done):
            continue
        done.append(kill_once(seconds, forked=number % 2 == 1))
        with args.out.open("a") as file:
            print(json.dumps(done[-1]), file=file)
        print(f"kill {number + 1}: {done[-1]}", flush=True)
    lost, left = (sum(one[what] for one in done) for what in ("lost", "left"))
    unreadable = sum(not one["readable"] for one in done)
    forked = sum("forked" in one.get("starts", ()) for one in done)
    kept = sum(one["slices"] for one in done)
    print(f"{len(done)} kills, {forked} of them of forked arms: {kept} slices kept, {lost} lost")
    print(f"{left} children left behind, {unreadable} records unreadable")


if __name__ == "__main__":
    main()
