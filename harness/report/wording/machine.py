"""Rules about the facts of a machine: what each means for measurements, and what to do about it.

The limits are rules of thumb; `harness selfcheck` measures whether a machine can tell variants apart.

Turns cancel what slows all arms alike, such as a clock frequency that follows the temperature. They do not cancel what
changes within a turn, nor differences between processes: these widen intervals.
"""

from collections.abc import Callable, Mapping
from math import floor

from harness import rounding
from harness.analysis.machine.facts import (
    BUSY,
    NOTE,
    OK,
    VERY_BUSY,
    WARN,
    Facts,
    Finding,
    grade,
    number,
    pids,
    unreadable,
)
from harness.report.wording.gpus import check_gpus

STOLEN, MUCH_STOLEN = 0.005, 0.02
"""Shares of the time that was asked for."""
THROTTLED = 0.01
LITTLE_MEMORY = 2_000_000_000
"""Bytes: about what two arms take that have loaded a large framework."""
SWAPPED = 100_000_000
"""Bytes. Some are always swapped out because they have not been used again."""


def findings(facts: Facts) -> list[Finding]:
    """Return a finding for every fact that a record has, including facts that could not be read."""
    return [found for rule in _RULES if (found := rule(facts))]


def company(facts: Facts) -> str | None:
    """Return a sentence if another harness run was measuring on the same machine."""
    others = pids(facts)
    if not others:
        return None
    who = f"process {others[0]}" if len(others) == 1 else f"processes {', '.join(map(str, others))}"
    runs = "Another harness run was" if len(others) == 1 else "Other harness runs were"
    return f"{runs} measuring on this machine when this one began ({who}): each disturbs the others' measurements."


def describe_load(facts: Facts) -> str | None:
    """Return a sentence if other programs used much of the processors when the run began."""
    share = number(facts, "busy_elsewhere")
    if share is None or share < VERY_BUSY:
        return None
    return (
        f"Other programs, or other guests of this machine's host, kept {rounding.percent(share)} of the processors busy"
        " when this run began: intervals are wider than on a quiet machine."
    )


def _check_other_runs(facts: Facts) -> Finding | None:
    if "other_runs" not in facts:
        return None
    others = pids(facts)
    if not others:
        return Finding("other runs", "none", OK, "No other harness run was measuring here when this run began.")
    return Finding(
        "other runs",
        ", ".join(map(str, others)),
        WARN,
        "Each disturbs the others' measurements.",
        "Measure one after the other.",
    )


def _check_load(facts: Facts) -> Finding | None:
    share = number(facts, "busy_elsewhere")
    what = "other load"
    if share is None:
        return unreadable(facts, "busy_elsewhere", what, "It is not known whether other programs are computing.")
    means, do = "Hardly anything else was computing when this run began.", ""
    if share >= BUSY:
        means = "Other programs, or other guests on this machine's host, were computing at the same time."
        do = "End them, or measure after they have ended."
    return Finding(what, rounding.percent(share), grade(share, BUSY, VERY_BUSY), means, do)


def _check_load_average(facts: Facts) -> Finding | None:
    load, cores = number(facts, "load"), number(facts, "cores_online")
    if load is None or not cores:
        return unreadable(facts, "cores_online", "load average", "It is not known how busy the last minute was.")
    if load < cores / 2:
        return Finding("load average", load, OK, "The machine was mostly idle in the last minute.")
    return Finding(
        "load average",
        load,
        NOTE,
        "The machine was busy in the last minute, with earlier runs or with other work that may return.",
        "See what runs here (`top`).",
    )


def _check_cores(facts: Facts) -> Finding | None:
    usable, online = number(facts, "cores"), number(facts, "cores_online")
    if usable is None or online is None:
        return unreadable(facts, "cores_online", "cores", "It is not known how many cores there are.")
    value = f"{usable:g} of {online:g}"
    if usable == 1:
        means = "Everything else that runs shares the one core with the arm."
        return Finding("cores", value, NOTE, means, "Use a machine, or a CPU affinity, with at least two cores.")
    if usable < online:
        means = "This process may use only some of the cores; results hold for that number of cores."
        return Finding("cores", value, NOTE, means, "Allow all cores (`taskset`), unless this is intended.")
    return Finding("cores", value, OK, "This process may use all cores.")


def _check_hyper_threads(facts: Facts) -> Finding | None:
    threads = number(facts, "threads_per_core")
    if threads is None:
        return unreadable(facts, "threads_per_core", "threads a core", "It is not known whether cores are shared.")
    if threads <= 1:
        return Finding("threads a core", threads, OK, "No two hardware threads share a core.")
    return Finding(
        "threads a core",
        threads,
        NOTE,
        "Two hardware threads share a core: an arm slows down when something else runs on the other one.",
        "Give --threads the number of real cores, or switch hyper-threads off.",
    )


def _check_frequency(facts: Facts) -> Finding | None:
    governor = facts.get("governor")
    if not isinstance(governor, str):
        means = "The frequency governor is not visible, as in most virtual machines."
        return unreadable(facts, "governor", "governor", means)
    if governor == "performance":
        return Finding("governor", governor, OK, "The clock frequency does not follow the load.")
    means = "The clock frequency follows the load, so epochs after a pause are slower."
    return Finding("governor", governor, NOTE, means, "`cpupower frequency-set -g performance`")


def _check_turbo(facts: Facts) -> Finding | None:
    turbo = facts.get("turbo")
    if not isinstance(turbo, bool):
        return unreadable(facts, "turbo", "turbo", "Whether the clock may exceed its sustained frequency is not known.")
    if not turbo:
        return Finding("turbo", "off", OK, "The clock stays at its sustained frequency.")
    means = "The clock frequency falls as the chip warms up and more cores work. In turns, this affects all arms alike."
    return Finding("turbo", "on", NOTE, means, "Switch it off if absolute seconds matter (no_turbo or boost).")


def _check_virtual(facts: Facts) -> Finding | None:
    virtual = facts.get("virtual")
    if not isinstance(virtual, bool):
        return unreadable(facts, "virtual", "virtual machine", "It is not known whether this is a virtual machine.")
    if not virtual:
        return Finding("virtual machine", "no", OK, "This is not a virtual machine.")
    means = "The host decides which physical cores it gets and who shares them, so seconds change from hour to hour."
    return Finding("virtual machine", "yes", NOTE, means, "Compare only arms of the same run, or use a dedicated host.")


def _check_stolen(facts: Facts) -> Finding | None:
    share = number(facts, "stolen")
    if share is None:
        return unreadable(facts, "stolen", "stolen time", "It is not known whether a host withholds time.")
    means, do = "The host has given this machine nearly all the time that it asked for since it started.", ""
    if share >= STOLEN:
        means = "The host ran other machines while this one had work to do."
        do = "Measure when they are idle, on a larger machine, or on a dedicated host."
    return Finding("stolen time", rounding.percent(share), grade(share, STOLEN, MUCH_STOLEN), means, do)


def _check_quota(facts: Facts) -> Finding | None:
    if "quota_cores" not in facts:
        return None
    quota, usable = number(facts, "quota_cores"), number(facts, "cores")
    if quota is None:
        return Finding("container's cores", "no limit", OK, "No limit was found that would pause an arm.")
    if usable is None or quota >= usable:
        return Finding("container's cores", f"{quota:g} cores", OK, "The limit covers all cores that may be used.")
    threads = max(floor(quota), 1)
    means = "Arms that use more are paused for the rest of each period, typically 100 ms."
    do = f"Give --threads {threads}, or raise the limit."
    return Finding("container's cores", f"{quota:g} of {usable:g} cores", WARN, means, do)


def _check_throttled(facts: Facts) -> Finding | None:
    share = number(facts, "throttled")
    if share is None:  # without a limit, the kernel does not count
        return None
    means, do = "The container has hardly ever used up its processor time.", ""
    if share >= THROTTLED:
        means, do = "The container used up its processor time and was paused in so many periods.", "Raise its limit."
    return Finding("throttled", rounding.percent(share), grade(share, THROTTLED, 10 * THROTTLED), means, do)


def _check_memory(facts: Facts) -> Finding | None:
    free, limit = number(facts, "memory_free_bytes"), number(facts, "memory_limit_bytes")
    if free is None:
        return unreadable(facts, "memory_free_bytes", "free memory", "It is not known whether arms fit together.")
    value = rounding.size(free) + (f", container's limit {rounding.size(limit)}" if limit else "")
    if free >= LITTLE_MEMORY:
        return Finding("free memory", value, OK, "At least two small arms fit in memory together.")
    means = "Arms that do not fit together are measured in pairs, or one after the other, which is less precise."
    return Finding("free memory", value, WARN, means, "Free some, or raise the container's limit.")


def _check_swap(facts: Facts) -> Finding | None:
    used = number(facts, "swap_used_bytes")
    if used is None:
        return unreadable(facts, "swap_used_bytes", "swap in use", "It is not known whether memory has run short.")
    value = rounding.size(used)
    if used < SWAPPED:
        return Finding("swap in use", value, OK, "Memory has not run short.")
    means = "Memory has run short before. An arm whose pages were swapped out waits for them."
    return Finding("swap in use", value, NOTE, means, "End what uses the memory, then `swapoff -a; swapon -a`.")


def _check_environment(facts: Facts) -> Finding | None:
    found = facts.get("environment")
    if not isinstance(found, Mapping):
        return None
    what = "threads set"
    if not found:
        return Finding(what, "none", OK, "--threads alone says how many threads an arm has.")
    means = "Your own runs use these. Arms use as many threads as --threads says; the other settings apply to them too."
    value = ", ".join(f"{name}={setting}" for name, setting in found.items())
    return Finding(what, value, NOTE, means, "Unset them, or give --threads the same number.")


def _check_frameworks(facts: Facts) -> Finding | None:
    found = facts.get("frameworks")
    if not isinstance(found, Mapping):
        return None
    builds = [(name, *f"{build}".partition(" ")) for name, build in found.items() if build]
    if not builds:
        return Finding("frameworks", "none installed", OK, "None of the known frameworks is installed.")
    value = ", ".join(f"{name} {version}" for name, version, _, _ in builds)
    platforms = "; ".join(f"{name} {platform}" for name, _, _, platform in builds if platform)
    means = f"Times and losses hold for the installed versions{f': {platforms}' * bool(platforms)}."
    return Finding("frameworks", value, OK, means)


def _check_framework_settings(facts: Facts) -> Finding | None:
    found = facts.get("framework_settings")
    if not isinstance(found, Mapping):
        return None
    what = "framework settings"
    if not found:
        return Finding(what, "none", OK, "No environment variable changes what frameworks compute.")
    value = ", ".join(f"{name}={setting}" for name, setting in found.items())
    means = "They change what frameworks compute: times and losses differ from those without them."
    return Finding(what, value, NOTE, means, "Unset them, unless that is how you train.")


_RULES: tuple[Callable[[Facts], Finding | None], ...] = (
    *(
        _check_other_runs,
        _check_load,
        _check_load_average,
        _check_cores,
        _check_hyper_threads,
        _check_frequency,
        _check_turbo,
        _check_virtual,
        _check_stolen,
    ),
    *(
        _check_quota,
        _check_throttled,
        _check_memory,
        _check_swap,
        _check_environment,
        _check_frameworks,
        _check_framework_settings,
        check_gpus,
    ),
)
