"""Trainers that only sleep: `plain`, and others that do more every so many epochs, or stall once. `periods.py` holds
what harness says of them against what is true."""

import random
import time
from dataclasses import dataclass
from functools import partial

from harness import Variant


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


class Sleeper:
    """An epoch is a nap."""

    def __init__(self, work: Work, plain: bool) -> None:
        self._work, self._plain = work, plain

    def epoch(self, index: int) -> dict[str, float]:
        heavy = not self._plain and index % self._work.period in self._work.phases
        time.sleep(self._work.usual + self._work.extra * heavy)
        return {"loss": 1.0}


def drawn(number: int) -> Work:
    """The `number`-th of the works, the same each time: periods of 2 to 12, epochs of 5 ms to 0.3 s."""
    lots = random.Random(f"periodic/{number}")
    period = lots.randint(2, 12)
    usual = 0.005 * 60 ** lots.random()
    phases = tuple(sorted(lots.sample(range(period), lots.choice([1, min(2, period - 1)]))))
    return Work(usual, period, phases, usual * lots.choice([0.2, 0.5, 1.0, 3.0]), lots.choice([1, 2]))


MOST = 40
for _number in range(MOST):
    for _plain, _name in ((True, "plain"), (False, "periodic")):
        globals()[f"{_name}_{_number}"] = Variant(
            f"{_name}_{_number}", f"{_name}: {drawn(_number)}", partial(Sleeper, drawn(_number), _plain)
        )
