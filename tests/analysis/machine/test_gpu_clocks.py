"""The clocks of GPUs over simulated turns."""

from math import isclose

from msgspec.structs import replace
from simulated import DATA, FULL, REFINE, record

from harness.analysis.machine.gpu_clocks import Clocks, clocks, ratio_in_cycles
from harness.record.schema import GpuState

HIGHEST = 1980
SECONDS = {arm: dict.fromkeys((DATA, REFINE, FULL), seconds) for arm, seconds in (("quick", 0.1), ("slow", 0.2))}


def with_clocks(states, used=(0,)):
    """A record in which the GPU of an arm's turn is in the state that `states` gives by arm and round."""
    found = record(SECONDS)
    idle = GpuState(1, 345, HIGHEST, [])
    found.slices = [
        replace(piece, gpus=[GpuState(0, *states(piece.arm, piece.round)), idle] if piece.round else [])
        for piece in found.slices
    ]
    found.ends = [replace(end, gpu_bytes=dict.fromkeys(used, 948_000_000)) for end in found.ends]
    return found


def test_a_clock_that_is_low_or_held_down_slows_a_turn():
    def states(arm, number):
        if arm == "quick":
            return HIGHEST, HIGHEST, []
        return (1485, HIGHEST, ["heat"]) if number % 2 else (1000, HIGHEST, [])

    found = clocks(with_clocks(states))
    assert (found["quick"].turns, found["quick"].slowed, found["quick"].reasons) == (36, 0, ())
    assert isclose(found["quick"].mean, HIGHEST)
    assert (found["slow"].turns, found["slow"].slowed, found["slow"].reasons) == (36, 36, ("heat",))
    assert isclose(found["slow"].mean, (1485 + 1000) / 2)


def test_three_quarters_of_the_highest_clock_are_enough():
    assert clocks(with_clocks(lambda arm, number: (1485, HIGHEST, [])))["slow"].slowed == 0
    assert clocks(with_clocks(lambda arm, number: (1484, HIGHEST, [])))["slow"].slowed == 36


def test_arms_that_hold_no_memory_on_a_gpu_have_no_clocks():
    assert clocks(with_clocks(lambda arm, number: (1000, HIGHEST, []), used=())) == {}
    assert clocks(record(SECONDS)) == {}


def test_only_the_clocks_of_gpus_that_it_used_count():
    found = clocks(with_clocks(lambda arm, number: (HIGHEST, HIGHEST, [])))
    assert found["quick"].slowed == 0
    assert clocks(with_clocks(lambda arm, number: (HIGHEST, HIGHEST, []), used=(0, 1)))["quick"].slowed == 36


def test_a_difference_that_is_the_clocks_alone_is_found():
    full, low = (Clocks(10, 0, (), mean) for mean in (2000.0, 1600.0))
    assert isclose(ratio_in_cycles(1.25, low, full, 0.03), 1.0)
    assert isclose(ratio_in_cycles(0.8, full, low, 0.03), 1.0)
    assert ratio_in_cycles(1.25, full, full, 0.03) is None, "cycles differ as well"
    assert ratio_in_cycles(1.01, full, full, 0.03) is None, "times do not differ"
    assert ratio_in_cycles(1.25, low, None, 0.03) is None
