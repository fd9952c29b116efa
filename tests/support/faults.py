"""Trainers with one fault each for a profile to find, and clean ones. None loads TensorFlow."""

import os
import subprocess
import sys
import tempfile
import time

import numpy as np

from harness import phase

MB = 1_000_000


class Clean:
    """Two milliseconds an epoch, in no phase."""

    def epoch(self, index):
        _work(0.002)
        return {"loss": 1.0}


class Leaks:
    """Keeps a megabyte an epoch."""

    def __init__(self):
        self.kept = []

    def epoch(self, index):
        self.kept.append(np.ones(MB // 8))
        return {"loss": 1.0}


class Starts:
    """Starts two processes in every epoch and waits for them, in one line."""

    def epoch(self, index):
        for process in [subprocess.Popen([sys.executable, "-c", ""]) for _ in range(2)]:
            process.wait()
        return {"loss": 1.0}


class Spikes:
    """Uses 200 MB for some milliseconds in its phase `refine`, and very little elsewhere."""

    def epoch(self, index):
        with phase("refine"):
            spike = np.ones(200 * MB // 8)
            _work(0.01)
            del spike
        with phase("step"):
            _work(0.002)
        return {"loss": 1.0}


class Marked:
    """60 % of an epoch in `weights`, of which a third in `weights > solve`; 20 % in `step`, 20 % in no phase."""

    def epoch(self, index):
        with phase("weights"):
            _work(0.004)
            with phase("solve"):
                _work(0.002)
        with phase("step"):
            _work(0.002)
        _work(0.002)
        return {"loss": 1.0}


def _work(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


class Wanders(Clean):
    """Works in a folder of its own."""

    def __init__(self):
        os.chdir(tempfile.mkdtemp())


class Unweighted:
    """Computes a physics loss in every epoch; in the first half of them its weight is 0."""

    epochs = 40

    def __init__(self, seed=0):
        self._random = np.random.default_rng(seed)

    def kind(self, index):
        return "early" if index < 20 else "late"

    def epoch(self, index):
        data, physics = self._random.random(2)
        _work(0.001)
        return {"loss": data + (index >= 20) * physics, "data": data, "physics": physics}
