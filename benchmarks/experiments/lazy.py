"""Compares a training in JAX that reads its loss in every 50th epoch with the same one that reads it in each, by
harness and by bare loops.

    python benchmarks/experiments/lazy.py [--processes N] [--out FILE]

JAX computes asynchronously, on CPUs too, so a lazy training runs ahead of its work, and its epochs seem to take
nothing. In each process both trainings take turns in both ways, in random order: in a loop with a clock around it that
ends once all work is done, and under what records epochs in harness. Each way tells how long the lazy one takes
relative to the other. If harness attributes all of the time, both agree. Prints the difference in points of a percent,
with its 95 % interval over the processes, once from the times of epochs, and once from whole turns: those include what
harness does between epochs, during which the work of a lazy training goes on.

Each process adds a line to FILE. Run again, the script goes on where it stopped.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from math import exp, log, sqrt
from pathlib import Path
from statistics import mean, median, stdev
from time import perf_counter
from typing import Any

from scipy import stats

EVERY = 50
"""The lazy training reads its loss once in so many epochs."""
WAYS = BARE, EPOCHS, TURNS = "bare", "epochs", "turns"
Epoch = Callable[[int], dict[str, float]]


def make_training(every: int, rows: int) -> tuple[Epoch, Callable[[], None]]:
    """Return an epoch, and what waits for its work."""
    import jax

    np = jax.numpy
    state = {"weights": np.ones((256, 256)) / 256}
    points = np.ones((rows, 256))

    def update(weights: Any) -> tuple[Any, Any]:
        loss, slope = jax.value_and_grad(lambda own: (np.tanh(points @ own @ own) ** 2).mean())(weights)
        return weights - 0.01 * slope, loss

    step = jax.jit(update, donate_argnums=0)

    def epoch(index: int) -> dict[str, float]:
        state["weights"], loss = step(state["weights"])
        return {} if index % every else {"loss": float(loss)}

    def wait() -> None:
        state["weights"].block_until_ready()

    return epoch, wait


def time_bare(epoch: Epoch, wait: Callable[[], None], epochs: int) -> float:
    """Return the seconds of a loop of epochs and of the work that they leave behind."""
    began = perf_counter()
    for index in range(1, epochs + 1):
        epoch(index)
    wait()
    return perf_counter() - began


def make_recorded(folder: Path) -> Callable[[Epoch, int], tuple[float, float]]:
    """Return what times epochs as a measured process does: it returns their seconds, and those of the turn."""
    from harness.worker.recorder import Recorder
    from harness.worker.wire.messages import Build, Run

    order = Build(variant="", case=None, scale=None, seed=0, cores=[0], journal=str(folder / "journal"))
    recorder = Recorder(order, [])

    def time_recorded(epoch: Epoch, epochs: int) -> tuple[float, float]:
        began = perf_counter()
        recorder.open(Run(list(range(1, epochs + 1))))
        for index in range(1, epochs + 1):
            recorder.begin(index, "epoch")
            recorder.end(epoch(index))
        own = sum(one.wall for one in recorder.close())
        return own, perf_counter() - began

    return time_recorded


def compare(seed: int, rows: int, epochs: int, rounds: int) -> dict[str, float]:
    """Return the lazy training's time relative to the other's in this process, in each way, and the differences
    in points: the medians over rounds, because a round is short and whatever else the machine does hits all of it."""
    trainings = {name: make_training(every, rows) for name, every in (("eager", 1), ("lazy", EVERY))}
    coin = random.Random(seed)
    seconds: dict[tuple[str, str], list[float]] = {(way, name): [] for way in WAYS for name in trainings}
    with tempfile.TemporaryDirectory() as folder:
        recorded = make_recorded(Path(folder))
        for turn in range(rounds + 1):
            choices = [(bare, name) for bare in (True, False) for name in trainings]
            for bare, name in coin.sample(choices, len(choices)):
                epoch, wait = trainings[name]
                if bare:
                    taken = {BARE: time_bare(epoch, wait, epochs)}
                else:
                    taken = dict(zip((EPOCHS, TURNS), recorded(epoch, epochs), strict=True))
                for way, own in taken.items() if turn else ():  # the first one compiles
                    seconds[way, name].append(own)
    ratios = {
        way: [lazy / eager for lazy, eager in zip(seconds[way, "lazy"], seconds[way, "eager"], strict=True)]
        for way in WAYS
    }
    return {way: median(own) for way, own in ratios.items()} | {
        f"{way} - {BARE}": median(100 * (one - bare) for one, bare in zip(ratios[way], ratios[BARE], strict=True))
        for way in (EPOCHS, TURNS)
    }


def describe(found: list[dict[str, float]]) -> str:
    """Return the ratios, and the differences with their intervals."""
    texts = [f"{way} {exp(mean(log(one[way]) for one in found)):.4f}x" for way in WAYS]
    for what in (f"{EPOCHS} - {BARE}", f"{TURNS} - {BARE}"):
        points = [one[what] for one in found]
        text = f"{what} {mean(points):+.2f} points"
        if len(points) > 1:
            half = float(stats.t.ppf(0.975, len(points) - 1)) * stdev(points) / sqrt(len(points))
            text += f" [{mean(points) - half:+.2f}, {mean(points) + half:+.2f}]"
        texts.append(text)
    return f"{len(found)} processes: {'; '.join(texts)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--rows", type=int, default=512)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("lazy.jsonl"))
    parser.add_argument("--seed", type=int, help="run one process of this number, and print its result")
    args = parser.parse_args()
    if args.seed is not None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-args.threads :])  # before JAX makes its threads
        print(json.dumps(compare(args.seed, args.rows, args.epochs, args.rounds)))
        return
    settings = {name: getattr(args, name) for name in ("rounds", "epochs", "rows", "threads")}
    lines = [json.loads(line) for line in args.out.read_text().splitlines()] if args.out.exists() else []
    found = {line["seed"]: line for line in lines if line["settings"] == settings}
    for seed in range(args.processes):
        if seed not in found:
            options = [text for name, value in settings.items() for text in (f"--{name}", str(value))]
            command = [sys.executable, __file__, "--seed", str(seed), *options]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            found[seed] = {"seed": seed, "settings": settings, **json.loads(done.stdout.splitlines()[-1])}
            with args.out.open("a") as file:
                file.write(json.dumps(found[seed]) + "\n")
        print(describe(list(found.values())), flush=True)


if __name__ == "__main__":
    main()
