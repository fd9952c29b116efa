"""Trainers that only sleep: `plain`, and others that do more every so many epochs, or stall once. `periods.py` holds
what harness says of them against what is true."""

import random
import time
from dataclasses import dataclass
from functools import partial

from harness import Collection, Variant


@dataclass(frozen=True)
class Work:
    """Seconds more in some of every so many epochs."""

    usual: float
    period: int
    phases: tuple[int, ...]
    extra: float
    threads: int

    @property
    def truth(self) -> float:
        """How many times as long as a plain epoch one takes on the average."""
        return 1 + self.extra * len(self.phases) / self.period / self.usual


WAKING = 0.001
"""Seconds before its end at which a nap turns into waiting busily: a sleep alone lasts a tenth of a millisecond longer
than asked for, which of an epoch of 5 ms is 2 %."""


class Sleeper:
    """An epoch is a nap of a length that is known to some microseconds."""

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
    """The `number`-th of the works, the same each time: periods of 2 to 12, epochs of 5 ms to 0.3 s."""
    lots = random.Random(f"periodic/{number}")
    period = lots.randint(2, 12)
    usual = 0.005 * 60 ** lots.random()
    phases = tuple(sorted(lots.sample(range(period), lots.choice([1, min(2, period - 1)]))))
    return Work(usual, period, phases, usual * lots.choice([0.2, 0.5, 1.0, 3.0]), lots.choice([1, 2]))


MOST = 40
collection = Collection(
    tuple(
        Variant(f"{name}_{number}", f"{name}: {drawn(number)}", partial(Sleeper, drawn(number), name == "plain"))
        for number in range(MOST)
        for name in ("plain", "periodic")
    )
)
