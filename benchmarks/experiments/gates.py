"""Runs `harness gate` on changes with known answers, in real repositories and real processes.

    python benchmarks/experiments/gates.py --out gates.jsonl

Each of about 50 gates takes a minute or less. `--row NAME` selects a row, and `--times N` limits the repetitions of
each. If started again with the same --out, it continues. There are three rows in addition to those of `gated.py`.
`killed` sends SIGKILL at random moments, after which the repository must be unchanged, byte for byte, and no process
left. `another machine` uses a stored run of another machine. `built in` uses a variant of this project with a changed
comment.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gated
from kills import left_behind

from harness.engine.revisions.revisions import PREFIX
from harness.plan.plan import usable_cores

PROJECT = Path(__file__).parents[2]
KILLED, MACHINE, BUILT_IN = "killed", "another machine", "built in"
_BURN = "while True:\n    sum(range(100_000))"


def gate(folder: Path, out: Path, *options: str) -> tuple[int, str]:
    """Run a gate in `folder` and return its exit code and its output."""
    done = subprocess.run(
        [sys.executable, "-m", "harness", "gate", *options, "--out", str(out)],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=_make_environment(),
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def carry_out(row: gated.Row) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "repository"
        gated.commit(folder, row)
        before = fingerprint(folder)
        began = time.monotonic()
        with burning(2 * len(usable_cores()) if row.load else 0):
            code, said = gate(folder, Path(place) / "run", gated.VARIANT, "--base", "HEAD", *row.options)
        missing = [text for text in row.says if text not in said]
        right = code in row.exits and not missing and fingerprint(folder) == before
        return {
            "code": code,
            "right": right,
            "missing": missing,
            "seconds": time.monotonic() - began,
            **_record_output(said),
        }


def kill_once(seconds: float) -> dict[str, Any]:
    """Kill a gate after this many seconds, and check what it has left behind."""
    with tempfile.TemporaryDirectory() as place:
        folder, temporary = Path(place) / "repository", Path(place) / "tmp"
        temporary.mkdir()
        gated.commit(folder, gated.ROWS[0])
        before = fingerprint(folder)
        running = subprocess.Popen(
            [sys.executable, "-m", "harness", "gate", gated.VARIANT, "--base", "HEAD", "--out", f"{place}/run"],
            cwd=folder,
            env=_make_environment() | {"TMPDIR": str(temporary)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(seconds)
        alive = running.poll() is None
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        left = left_behind(running.pid)
        folders = len(list(temporary.glob(f"{PREFIX}*")))
        untouched = fingerprint(folder) == before
        right = alive and untouched and not left
        return {"seconds": seconds, "alive": alive, "left": left, "folders": folders, "right": right}


def from_another_machine() -> dict[str, Any]:
    """Run a gate against a stored run of another machine."""
    with tempfile.TemporaryDirectory() as place:
        folder, run = Path(place) / "repository", Path(place) / "stored"
        gated.commit(folder, gated.ROWS[0])
        gate(folder, run, gated.VARIANT, "--base", "HEAD", "--blocks", "1")
        record = run / "run.jsonl"
        header, *others = record.read_text().splitlines(keepends=True)
        elsewhere = json.loads(header)
        elsewhere["machine"]["processor"] = "another processor"
        record.write_text("".join([json.dumps(elsewhere) + "\n", *others]))
        code, said = gate(folder, Path(place) / "run", "--baseline", str(run))
        return {
            "code": code,
            "right": code == 5 and "its processor was another processor" in said,
            **_record_output(said),
        }


def built_in(variant: str = "fast") -> dict[str, Any]:
    """Run a gate on a built-in variant at the smallest scale, after changing a comment."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "repository"
        subprocess.run(["git", "clone", "-q", str(PROJECT), str(folder)], check=True)
        file = folder / "variants" / "breakage" / "pinn.py"
        file.write_text(f"# A comment changed.\n{file.read_text()}")
        began = time.monotonic()
        code, said = gate(folder, Path(place) / "run", variant, "--base", "HEAD")
        return {"code": code, "right": code in (0, 3), "seconds": time.monotonic() - began, **_record_output(said)}


@contextmanager
def burning(number: int) -> Iterator[None]:
    """Run this number of processes that compute all the time."""
    others = [subprocess.Popen([sys.executable, "-c", _BURN]) for _ in range(number)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def fingerprint(folder: Path) -> dict[str, str]:
    """Return a hash of the content of every file below `folder`, including git's own files."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _make_environment() -> dict[str, str]:
    paths = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "2"}


def _record_output(said: str) -> dict[str, str]:
    return {"said": said[-400:]}


def planned(rows: Sequence[str], times: int) -> list[tuple[str, int]]:
    """Return the gates to run, in a random order that is always the same."""
    counts = {row.name: row.times for row in gated.ROWS} | {KILLED: 10, MACHINE: 1, BUILT_IN: 5}
    wanted = {name: min(number, times) for name, number in counts.items() if not rows or name in rows}
    found = [(name, number) for name, own in wanted.items() for number in range(own)]
    return random.Random(0).sample(found, len(found))


def one(name: str, number: int) -> dict[str, Any]:
    if name == KILLED:
        return kill_once(random.Random(number).uniform(0.2, 25.0))
    if name == MACHINE:
        return from_another_machine()
    if name == BUILT_IN:
        return built_in()
    return carry_out(next(row for row in gated.ROWS if row.name == name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", action="append", default=[])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("gates.jsonl"))
    args = parser.parse_args()
    done = [json.loads(line) for line in args.out.read_text().splitlines()] if args.out.exists() else []
    known = {(each["row"], each["number"]) for each in done}
    for name, number in planned(args.row, args.times):
        if (name, number) in known:
            continue
        found = {"row": name, "number": number, **one(name, number)}
        done.append(found)
        with args.out.open("a") as file:
            print(json.dumps(found), file=file)
        print(f"{len(done):3} {name}: {'right' if found['right'] else 'WRONG'} {found}", flush=True)
    for name in dict.fromkeys(each["row"] for each in done):
        own = [each for each in done if each["row"] == name]
        codes = [each.get("code", "-") for each in own]
        right = sum(each["right"] for each in own)
        row = next((row for row in gated.ROWS if row.name == name), None)
        enough = row is None or codes.count(row.exits[0]) >= row.clear * len(own)
        seconds = sorted(each["seconds"] for each in own if "seconds" in each)
        took = f"; {seconds[0]:.0f} to {seconds[-1]:.0f} s" if seconds else ""
        verdict = "right" if right == len(own) and enough else "WRONG"
        print(f"{name}: {verdict}, {right} of {len(own)}; exit codes {', '.join(map(str, codes))}{took}")


if __name__ == "__main__":
    main()
