"""What is said of GPUs: of what a machine has, and of what their clocks did during a run."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness import rounding
from harness.analysis.machine.facts import NOTE, OK, WARN, Facts, Finding
from harness.analysis.machine.gpu_clocks import LOWEST, Clocks
from harness.report.wording import words

_EXCLUSIVE = "exclusive"


def check_gpus(facts: Facts) -> Finding | None:
    """Return the finding about a machine's GPUs; None if a record has none."""
    listed = facts.get("gpus")
    found = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, Sequence) else []
    if not found:
        return None
    value = "; ".join(_describe(one) for one in found)
    pids = sorted({pid for one in found for pid in _list_pids(one)})
    if pids:
        means = f"Other processes ({', '.join(map(str, pids))}) used a GPU when this run began, and disturb it."
        return Finding("GPUs", value, WARN, means, "End them, or choose another GPU with --device.")
    if any(_EXCLUSIVE in f"{one.get('compute_mode')}" for one in found):
        means = "A GPU serves one process at a time, so arms run one after the other, which is less precise."
        return Finding("GPUs", value, NOTE, means, "`nvidia-smi --compute-mode=DEFAULT`, which needs root.")
    if any(one.get("mig") for one in found):
        means = "A GPU is divided (MIG): another part's load may slow this one through memory, power and heat."
        return Finding("GPUs", value, NOTE, means)
    return Finding("GPUs", value, OK, "No other process used a GPU when this run began.")


def describe_clocks(arm: str, own: Clocks) -> str:
    """Say in how many turns a clock was held down."""
    low = f"below {rounding.percent(LOWEST)} of its highest clock"
    how = f"held down by {words.listed(own.reasons)}" if own.reasons else low
    return (
        f"A GPU's clock was {how} in {own.slowed} of {own.turns} turns of {arm}: times include that. Lock the clock at"
        " what it can hold (`nvidia-smi --lock-gpu-clocks`), or cool the GPU."
    )


def describe_cycles(arm: str, baseline: str, ratio: float, cycles: float) -> str:
    return (
        f"{arm} takes {rounding.factor(ratio)} the time of {baseline}, but {rounding.factor(cycles)} the GPU's cycles:"
        " the difference is the clock's, and not the program's."
    )


def _list_pids(one: Mapping[str, Any]) -> list[int]:
    pids = one.get("processes")
    return [pid for pid in pids if isinstance(pid, int)] if isinstance(pids, Sequence) else []


def _describe(one: Mapping[str, Any]) -> str:
    driver, clock, highest = one.get("driver"), one.get("clock"), one.get("highest_clock")
    more = [
        f"driver {driver}" if driver else "",
        f"{clock} of {highest} MHz" if clock and highest else "",
        f"{one['temperature']} degrees" if "temperature" in one else "",
    ]
    return f"{one.get('name', 'a GPU')} ({', '.join(filter(None, more))})"
