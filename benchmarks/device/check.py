"""Checks on a machine with a GPU what cannot be checked without one.

    python benchmarks/device/check.py [--wheels DIR] [--rows N] [--only ROW]

It prints a table, and its exit code is 1 if a row is wrong. It needs no network: with `--wheels` it installs this
project and what it needs from a folder of wheels, beside the PyTorch and the JAX that the interpreter has
(`pip download -d wheels .` fills one). It is meant to take under four minutes on one H200, where it has not been run
yet. Without a GPU the same rows run on the CPU, where they show that the script works and nothing else.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE, PROJECT = Path(__file__).parent, Path(__file__).parents[2]
TRAINING = HERE / "trainings.py"
KEPT = 1_000_000_000
"""Bytes of the known allocation."""
Row = tuple[str, str, bool | None]
"""What was checked, what was seen, and whether that is right: None if it could not be checked here."""


def install(wheels: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--find-links", str(wheels), str(PROJECT)],
        check=True,
    )


ONE_BLOCK = "--blocks", "1"


def compare(*trainings: str, options: Sequence[str] = ("--budget", "20s")) -> dict[str, Any]:
    """Compare these command lines of `trainings.py`, and return the summary."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "summary.json"
        command = [sys.executable, "-m", "harness", "compare", *(f"{TRAINING} {one}" for one in trainings), *options]
        done = subprocess.run(
            [*command, "--json", str(out), "--out", f"{place}/run"], capture_output=True, text=True, check=False
        )
        if not out.exists():
            raise RuntimeError((done.stderr or done.stdout)[-300:])
        found = json.loads(out.read_text())
        found["record"] = [json.loads(line) for line in (Path(place) / "run" / "run.jsonl").read_text().splitlines()]
        return found


def ratio_of(found: dict[str, Any]) -> tuple[float, str]:
    arm = found["arms"][1]
    ratio = arm["metrics"]["total_time"]["ratio"]
    interval = f" [{ratio['low']:.3f}, {ratio['high']:.3f}]" if ratio.get("low") else ""
    return ratio["estimate"], f"{ratio['estimate']:.3f}x{interval} {arm['verdict']}"


def null_pair(args: argparse.Namespace, framework: str) -> Row:
    ratio, told = ratio_of(compare(f"{framework} --rows {args.rows}", f"{framework} --rows {args.rows} --tag again"))
    return f"{framework}: the same twice", told, abs(ratio - 1) <= 0.02


def planted(args: argparse.Namespace, framework: str) -> Row:
    more = int(args.rows * 1.05)
    ratio, told = ratio_of(compare(f"{framework} --rows {args.rows}", f"{framework} --rows {more}"))
    bare = bare_seconds(framework, more) / bare_seconds(framework, args.rows)
    return f"{framework}: 5 % more points", f"{told}; bare loops {bare:.3f}x", abs(ratio - bare) <= 0.02


def lazy_twin(args: argparse.Namespace, framework: str) -> Row:
    ratio, told = ratio_of(compare(f"{framework} --rows {args.rows}", f"{framework} --rows {args.rows} --lazy"))
    bare = bare_seconds(framework, args.rows, "--lazy") / bare_seconds(framework, args.rows)
    return f"{framework}: lazy twin", f"{told}; bare loops {bare:.3f}x", abs(ratio - bare) <= 0.02


def deterministic(args: argparse.Namespace, framework: str) -> Row:
    """What an epoch takes with the kernels that a gate asks for, next to one without them. Right if the record tells
    them apart, whatever they cost."""
    both = f"{framework} --rows {args.rows}", f"{framework} --rows {args.rows} --deterministic"
    found = compare(*both, options=("--budget", "40s"))
    told = ratio_of(found)[1] if found["arms"][1]["metrics"]["total_time"]["ratio"] else "no ratio in 40 s"
    seconds = [arm["metrics"]["epoch_time"]["value"] for arm in found["arms"]]
    kernels = [[v for name, v in arm["arithmetic"].items() if "deterministic" in name] for arm in found["arms"]]
    each = " and ".join("unknown" if one is None else f"{1000 * one:.3f} ms" for one in seconds)
    right = kernels == [["off"], ["on"]] if any(kernels) else None
    return f"{framework}: deterministic kernels", f"an epoch takes {each} with them, {told}", right


def bare_seconds(framework: str, rows: int, *options: str) -> float:
    """Return the seconds of an epoch in a loop without harness: from the difference of two lengths, in one process."""
    import trainings

    def seconds(epochs: int) -> float:
        args = trainings.parse([framework, "--rows", str(rows), "--epochs", str(epochs), *options])
        began = time.perf_counter()
        trainings.train(args)
        return time.perf_counter() - began

    seconds(2)
    return min(seconds(150) - seconds(50) for _ in range(3)) / 100


def memory(args: argparse.Namespace, framework: str) -> Row:
    """Whether a known allocation of one gigabyte is seen, as the difference to the same training without it."""
    peaks = []
    for keep in (0, KEPT):
        found = compare(f"{framework} --rows 1024 --epochs 20 --keep {keep}", options=ONE_BLOCK)
        peaks.append(found["arms"][0]["metrics"]["peak_tensors"].get("value"))
    if None in peaks:
        return f"{framework}: a known allocation", "no peak of tensors on this device", None
    seen = (peaks[1] - peaks[0]) / KEPT
    return f"{framework}: a known allocation", f"{seen:.3f} of it in the peak of tensors", abs(seen - 1) <= 0.03


def forking(args: argparse.Namespace, framework: str) -> Row:
    """Whether a process can compute on the device that was forked after its framework was imported."""
    imports = {"torch": "import torch, torch._dynamo", "jax": "import jax"}[framework]
    code = (
        f"{imports}\nimport os, sys\nsys.path.insert(0, {str(HERE)!r})\nimport trainings\n"
        f"child = os.fork()\nif not child:\n"
        f"    trainings.train(trainings.parse([{framework!r}, '--rows', '1024', '--epochs', '2']))\n    os._exit(0)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, check=False, timeout=120)
    return f"{framework}: forked after its import", "computes" if not done.returncode else "fails", not done.returncode


def repeats(args: argparse.Namespace, framework: str) -> Row:
    """Whether two processes lose the same, bit by bit, with the kernels that a gate asks for."""
    variables = {"XLA_FLAGS": "--xla_gpu_deterministic_ops=true"} if framework == "jax" else {}
    command = [sys.executable, str(TRAINING), framework, "--rows", str(args.rows), "--epochs", "100"]
    runs = [
        subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    asked = "deterministic kernels asked for" if variables else "nothing asked for"
    return (
        f"{framework}: repeats itself",
        f"{asked}: {'the same' if runs[0] == runs[1] else 'other'} loss",
        runs[0] == runs[1],
    )


def precision(args: argparse.Namespace, framework: str) -> Row:
    """Whether the report tells in which precision matrix products are computed."""
    found = compare(f"{framework} --rows 1024 --epochs 20", options=ONE_BLOCK)
    told = {name: value for name, value in found["arms"][0]["arithmetic"].items() if "precision" in name}
    return f"{framework}: precision told", ", ".join(f"{name}: {value}" for name, value in told.items()), bool(told)


def card(args: argparse.Namespace, framework: str) -> Row:
    """Whether the record has the card, its clock at the end of turns, and the memory of the process."""
    found = compare(f"{framework} --rows {args.rows} --epochs 40", options=ONE_BLOCK)
    gpus = found["machine"].get("gpus") or []
    if not gpus:
        return f"{framework}: the card in the record", "no NVIDIA GPU here", None
    clocks = [gpu[1] for line in found["record"] for gpu in line.get("gpus", ())]
    held = found["arms"][0]["gpu_bytes"]
    told = f"{gpus[0].get('name')}, {min(clocks, default=0)} to {max(clocks, default=0)} MHz, {held or 0:,} bytes held"
    return f"{framework}: the card in the record", told, bool(clocks and held)


ROWS: tuple[Callable[[argparse.Namespace, str], Row], ...] = (
    *(card, memory, forking, precision, repeats),
    *(null_pair, planted, lazy_twin, deterministic),
)


def check(args: argparse.Namespace) -> Iterator[Row]:
    for row in ROWS:
        for framework in ("torch", "jax"):
            if args.only and row.__name__ not in args.only:
                continue
            if find_spec(framework) is None:
                yield f"{framework}: {row.__name__}", "not installed", None
                continue
            try:
                yield row(args, framework)
            except Exception as error:  # the other rows are still worth seeing
                yield f"{framework}: {row.__name__}", f"{type(error).__name__}: {error}", False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path)
    parser.add_argument("--rows", type=int, default=65_536)
    parser.add_argument("--only", action="append", default=[], choices=[row.__name__ for row in ROWS])
    args = parser.parse_args()
    if args.wheels:
        install(args.wheels)
    sys.path.insert(0, str(HERE))
    began, wrong = time.monotonic(), 0
    for what, seen, right in check(args):
        wrong += right is False
        word = {True: "right", False: "WRONG", None: "-"}[right]
        print(f"{time.monotonic() - began:5.0f} s  {word:5}  {what:32}  {seen}", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
