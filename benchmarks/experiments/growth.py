"""Measures how often a profile reports growing memory without a leak, and how often it finds a leak.

    python benchmarks/experiments/growth.py

It simulates the resident memory after each of several consecutive epochs, for processes of 500 MB. The numbers of
epochs are those of the passes of a profile, and 200, as a user might request. It takes a minute.
"""

import argparse
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from harness.analysis.profile.growth import growth

MB = 1e6
RESIDENT = 500 * MB
EPOCHS = (8, 20, 60, 200)
Series = Callable[[np.random.Generator, int], NDArray[np.float64]]
"""Draws the bytes above the initial resident memory after each of this number of epochs."""


def flat(rng: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    return MB * rng.standard_normal(epochs)


def warm_up(rng: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    """A rise of 300 MB within the first third of the epochs."""
    length = max(1, epochs // 3)
    return 300 * MB * np.minimum(np.arange(epochs) / length, 1) + 0.1 * flat(rng, epochs)


def steps(rng: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    """One or two permanent steps up of at most 64 MB."""
    found = np.zeros(epochs)
    for at in rng.integers(0, epochs, size=rng.integers(1, 3)):
        found[at:] += rng.uniform(1, 64) * MB
    return found + 0.1 * flat(rng, epochs)


def staircase(rng: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    """Steps up or down, equally likely, of at most 16 MB in a tenth of the epochs, as by an allocator that requests and
    returns memory."""
    jumps = rng.uniform(-16, 16, epochs) * MB * (rng.random(epochs) < 0.1)
    return np.cumsum(jumps) + 0.05 * flat(rng, epochs)


def rising_staircase(rng: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    """Steps up of 1 to 3 MB in a twelfth of the epochs. About every fourth step goes back to the start instead."""
    found, level = np.zeros(epochs), 0.0
    for index in range(epochs):
        if rng.random() < 1 / 12:
            level = 0.0 if rng.random() < 1 / 4 else level + rng.uniform(1, 3) * MB
        found[index] = level
    return found


def random_walk(rng: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    return np.cumsum(2 * MB * rng.standard_normal(epochs))


def sawtooth(rng: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    """Garbage that is collected every 3 to 10 epochs, when it has reached 40 MB."""
    period = int(rng.integers(3, 11))
    return 40 * MB * ((np.arange(epochs) + rng.integers(period)) % period) / period + 0.1 * flat(rng, epochs)


def leak(by: float, noise: float = 0.1) -> Series:
    """Return a series that grows by `by` MB per epoch, with noise of `noise` MB."""
    return lambda rng, epochs: by * MB * np.arange(epochs) + noise * flat(rng, epochs)


def leak_in_steps(rng: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    """A leak of 1 MB per epoch, for which the allocator requests 4 MB at a time."""
    return 4 * MB * ((np.arange(epochs) + rng.integers(4)) // 4) + 0.1 * flat(rng, epochs)


SOUND: Mapping[str, Series] = {
    "flat, noise of 1 MB": flat,
    "warm-up, then flat": warm_up,
    "a step or two": steps,
    "staircase, up and down": staircase,
    "staircase that falls back": rising_staircase,
    "random walk": random_walk,
    "sawtooth": sawtooth,
}
LEAKING: Mapping[str, Series] = {
    "1 MB an epoch": leak(1.0),
    "20 MB an epoch": leak(20.0),
    "0.2 MB an epoch": leak(0.2),
    "1 MB an epoch, noise of 3 MB": leak(1.0, 3.0),
    "1 MB an epoch, by 4 MB": leak_in_steps,
}


def growing(series: Series, epochs: int, runs: int, seed: int = 0) -> float:
    """Return the fraction of such processes that a profile reports as growing."""
    rng = np.random.default_rng(seed)
    found = [growth((RESIDENT + series(rng, epochs)).tolist()) for _ in range(runs)]
    return sum(one is not None and one.verdict == "growing" for one in found) / runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    runs = parser.parse_args().runs
    print(f"called growing, of {runs}  {'':10}" + "".join(f"{epochs:>6} epochs" for epochs in EPOCHS))
    for name, series in {**SOUND, **LEAKING}.items():
        print(f"{name:36}" + "".join(f"{100 * growing(series, epochs, runs):11.1f} %" for epochs in EPOCHS))


if __name__ == "__main__":
    main()
