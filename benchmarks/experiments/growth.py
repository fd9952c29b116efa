"""How often a profile calls memory growing where nothing leaks, and how often it finds a leak.

    python benchmarks/experiments/growth.py

Simulates what is resident after each of some epochs in a row, for processes of 500 MB. The numbers of epochs are those
of a profile's passes, and of one that was asked for 200. Takes a minute.
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
"""Bytes above what is resident at first, after each of so many epochs."""


def flat(random: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    return MB * random.standard_normal(epochs)


def warm_up(random: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    """300 MB within the first third of the epochs."""
    length = max(1, epochs // 3)
    return 300 * MB * np.minimum(np.arange(epochs) / length, 1) + 0.1 * flat(random, epochs)


def steps(random: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    """One or two steps up of up to 64 MB, which stay."""
    found = np.zeros(epochs)
    for at in random.integers(0, epochs, size=random.integers(1, 3)):
        found[at:] += random.uniform(1, 64) * MB
    return found + 0.1 * flat(random, epochs)


def staircase(random: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    """A step up or down, as likely, of up to 16 MB in a tenth of the epochs: an allocator that takes and gives back."""
    jumps = random.uniform(-16, 16, epochs) * MB * (random.random(epochs) < 0.1)
    return np.cumsum(jumps) + 0.05 * flat(random, epochs)


def rising_staircase(random: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    """Steps up of 1 to 3 MB in a twelfth of the epochs, and every fourth or so of them back to the start."""
    found, level = np.zeros(epochs), 0.0
    for index in range(epochs):
        if random.random() < 1 / 12:
            level = 0.0 if random.random() < 1 / 4 else level + random.uniform(1, 3) * MB
        found[index] = level
    return found


def random_walk(random: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    return np.cumsum(2 * MB * random.standard_normal(epochs))


def sawtooth(random: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    """What is collected every 3 to 10 epochs, and has come to 40 MB by then."""
    period = int(random.integers(3, 11))
    return 40 * MB * ((np.arange(epochs) + random.integers(period)) % period) / period + 0.1 * flat(random, epochs)


def leak(by: float, noise: float = 0.1) -> Series:
    """`by` MB an epoch, over noise of so many MB."""
    return lambda random, epochs: by * MB * np.arange(epochs) + noise * flat(random, epochs)


def leak_in_steps(random: np.random.Generator, epochs: int) -> NDArray[np.float64]:
    """1 MB an epoch, which the allocator takes 4 MB at a time."""
    return 4 * MB * ((np.arange(epochs) + random.integers(4)) // 4) + 0.1 * flat(random, epochs)


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
    """The share of such processes that is called growing."""
    random = np.random.default_rng(seed)
    found = [growth((RESIDENT + series(random, epochs)).tolist()) for _ in range(runs)]
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
