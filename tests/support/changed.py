"""Variants with changes that can be ablated, on a simulated clock that advances only by each epoch's declared time."""

from harness import Variant
from harness.worker.probes import clock


class Timed:
    """`seconds` an epoch. Reading the clock takes 100 ns."""

    def __init__(self, seconds=0.001, seed=0):
        self.now, self.nanoseconds, self.seed = 0, round(seconds * 1e9), seed
        clock.perf_counter_ns = self.read

    def read(self):
        self.now += 100
        return self.now

    def epoch(self, index):
        self.now += self.nanoseconds
        return {"loss": 1.0 / (1 + index) + self.seed}


def work(changes=("quick", "lean", "idle")):
    """Quick or lean halves the time; both together are no faster. Idle has no effect."""
    return Timed(0.001 if {"quick", "lean"}.isdisjoint(changes) else 0.0005)


overlapping = Variant(
    "overlapping",
    "two changes that do the same work, and one that does none",
    work,
    changes={"quick": "half the steps", "lean": "half the points", "idle": "another name"},
)


def fragile(changes=("quick", "broken")):
    if list(changes) == ["broken"]:
        raise ValueError("broken needs quick")
    return Timed(0.001)


Fragile = Variant("fragile", "one change of which needs the other", fragile, changes={"quick": "", "broken": "?"})


def scaled(changes=tuple("abcde")):
    """Each change halves it."""
    return Timed(0.001 / 2 ** len(changes))


many: Variant = Variant("many", "five changes", scaled, changes=dict.fromkeys("abcde", "half"))
five = Variant(
    "five", "five changes", scaled, changes={"a": "half", "b": "half", "c": "half", "d": "half", "e": "half"}
)


def build(*, steps, fast, seed=0):
    return Timed(0.0001 * steps / (4 if fast else 1), seed)


before = Variant("before", "as it was", build, settings={"steps": 10, "fast": False})
after = Variant("after", "as it is", build, settings={"fast": True, "steps": 5})
elsewhere = Variant("elsewhere", "built by another function", Timed, settings={"steps": 5, "fast": True})
lacking = Variant("lacking", "without one of the settings", build, settings={"steps": 10})
exotic = Variant("exotic", "a setting that no record holds", build, settings={"steps": {1, 2}, "fast": True})
silent = Variant("silent", "declares nothing", Timed)
