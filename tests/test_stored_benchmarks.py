"""The conftest of `pytest benchmarks --benchmark-compare-fail`, on a benchmark that can be slowed."""

import os
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
BENCHMARK = """
import os
import time


def test_epoch(benchmark):
    benchmark.pedantic(time.sleep, args=(float(os.environ["SECONDS_TO_SLEEP"]),), rounds=3)
"""


def run(folder, seconds, *options):
    paths = [str(BENCHMARKS), *sys.path]
    command = ["-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", "--benchmark-storage", "stored"]
    outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}  # such as xdist's
    done = subprocess.run(
        [sys.executable, *command, *options],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=outer | {"PYTHONPATH": os.pathsep.join(paths), "SECONDS_TO_SLEEP": str(seconds)},
    )
    return done.returncode, len(list((folder / "stored").rglob("*.json")))


def test_a_failed_run_is_not_the_next_baseline(tmp_path):
    (tmp_path / "test_one.py").write_text(BENCHMARK)
    compare = ["--benchmark-compare", "--benchmark-compare-fail=min:400%"]
    assert run(tmp_path, 0.001, "--benchmark-compare") == (0, 1)
    assert run(tmp_path, 0.5, *compare) == (1, 1)
    assert run(tmp_path, 0.5, *compare) == (1, 1)
    assert run(tmp_path, 0.001, *compare) == (0, 1)
    assert run(tmp_path, 0.001, "--benchmark-compare") == (0, 2)
