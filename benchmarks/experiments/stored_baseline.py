"""One epoch of one of `pairs` as a benchmark with a stored baseline, with which `false_alarms.py` compares harness.

The environment variable PROGRAM names the program; the name of the benchmark does not depend on it. It has one thread
and one core, as in that experiment.
"""

import os

import pairs
import pytest

from harness.plan.plan import usable_cores
from harness.worker import environment

environment.prepare(usable_cores()[-1:], seed=0)


@pytest.mark.benchmark(group="epoch")
def test_epoch(benchmark):
    trainer = getattr(pairs, os.environ["PROGRAM"]).build()
    index = next(index for index in range(trainer.epochs) if trainer.kind(index) == "full")
    trainer.seek(index)
    losses = benchmark.pedantic(trainer.epoch, args=(index,), rounds=200, warmup_rounds=2)
    assert losses["physics"] > 0
