"""Trainers that only sleep: `plain` ones, and `periodic` ones with additional work in some epochs of each period.

`periods.py` compares harness's results for them with the true ratios.
"""

import random
import time
from dataclasses import dataclass
from functools import partial

from harness import Collection, Variant


@dataclass(frozen=True)
class Work:
    """The additional work of a trainer: more seconds in some epochs of each period."""

    usual: float
    """Seconds of an epoch without additional work."""
    period: int
    """Number of epochs in a period."""
    phases: tuple[int, ...]
    """The epochs of a period with additional work."""
    extra: float
    """Seconds of additional work in such an epoch."""
    threads: int

    @property
    def truth(self) -> float:
        """The ratio of the mean time of an epoch to that of a plain epoch."""
        return 1 + self.extra * len(self.phases) / self.period / self.usual


WAKING = 0.001
"""Seconds before the end of an epoch at which sleeping changes to busy waiting. A sleep alone takes a tenth of a
millisecond longer than requested, which is 2 % of an epoch of 5 ms."""


class Sleeper:
    """A trainer whose epochs wait for a time that is exact to some microseconds."""

    def __init__(self, work: Work, plain: bool) -> None:
        self._work, self._plain = work, plain

    def epoch(self, index: int) -> dict[str, float]:
        heavy = not self._plain and index % self._work.period in self._work.phases
        ends = time.perf_counter() + self._work.usual + self._work.extra * heavy
        time.sleep(ends - time.perf_counter() - WAKING)
        while time.perf_counter() < ends:
            pass
        return {"loss": 1.0}


def drawn(number: int) -> Work:
    """Return the work of trainer `number`, always the same: periods of 2 to 12 epochs, epochs of 5 ms to 0.3 s."""
    rng = random.Random(f"periodic/{number}")
    period = rng.randint(2, 12)
    usual = 0.005 * 60 ** rng.random()
    phases = tuple(sorted(rng.sample(range(period), rng.choice([1, min(2, period - 1)]))))
    return Work(usual, period, phases, usual * rng.choice([0.2, 0.5, 1.0, 3.0]), rng.choice([1, 2]))


MOST = 40
collection = Collection(
    tuple(
        Variant(f"{name}_{number}", f"{name}: {drawn(number)}", partial(Sleeper, drawn(number), name == "plain"))
        for number in range(MOST)
        for name in ("plain", "periodic")
    )
)
