"""What is said of GPUs."""

from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.machine.facts import NOTE, OK, WARN
from harness.analysis.machine.gpu_clocks import Clocks
from harness.report.wording.gpus import check_gpus, describe_clocks, describe_cycles

CARD = {
    "name": "NVIDIA H200",
    "driver": "580.82.07",
    "clock": 345,
    "highest_clock": 1980,
    "temperature": 29,
    "processes": [],
    "compute_mode": "default",
    "mig": False,
}


def test_a_free_card_is_fine():
    found = check_gpus({"gpus": [CARD]})
    assert (found.level, found.do) == (OK, "")
    assert found.value == "NVIDIA H200 (driver 580.82.07, 345 of 1980 MHz, 29 degrees)"


def test_other_processes_exclusive_use_and_parts_are_told():
    other = check_gpus({"gpus": [CARD, CARD | {"processes": [41, 7]}]})
    assert (other.level, "(7, 41)" in other.means, "--device" in other.do) == (WARN, True, True)
    alone = check_gpus({"gpus": [CARD | {"compute_mode": "exclusive process"}]})
    assert (alone.level, "one after the other" in alone.means) == (NOTE, True)
    part = check_gpus({"gpus": [CARD | {"mig": True}]})
    assert (part.level, "MIG" in part.means) == (NOTE, True)


def test_nothing_is_said_without_a_card():
    assert check_gpus({}) is None
    assert check_gpus({"gpus": []}) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*CARD, "x"]), inner),
)


@given(ANYTHING)
def test_a_record_may_contain_anything(facts):
    check_gpus({"gpus": facts})


def test_a_clock_that_was_held_down_is_told_with_the_reason():
    told = describe_clocks("moments", Clocks(12, 5, ("heat", "power cap"), 1500.0))
    assert told.startswith("A GPU's clock was held down by heat and power cap in 5 of 12 turns of moments:")
    assert "below 75 % of its highest clock in 1 of 2" in describe_clocks("x", Clocks(2, 1, (), 900.0))


def test_a_difference_of_the_clock_alone_is_told():
    assert describe_cycles("new", "old", 1.25, 1.002) == (
        "new takes 1.250 the time of old, but 1.002 the GPU's cycles: the difference is the clock's, and not the"
        " program's."
    )
