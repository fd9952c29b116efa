"""Rules about the facts of a machine: what each means for measurements, and what to do about it.

The limits are rules of thumb; `harness selfcheck` measures whether a machine can tell variants apart.

Turns cancel what slows all arms alike, such as a clock frequency that follows the temperature. They do not cancel what
changes within a turn, nor differences between processes: these widen intervals.
"""

from collections.abc import Callable, Mapping
from math import floor

from harness.analysis.machine.facts import NOTE, OK, WARN, Facts, Finding, level, number, pids, unreadable

BUSY, VERY_BUSY = 0.1, 0.25
"""Shares of the cores' time that other processes take now."""
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
    return f"{runs} measuring on this machine when this one began ({who}): each disturbs what the others measure."


def _other_runs(facts: Facts) -> Finding | None:
    if "other_runs" not in facts:
        return None
    others = pids(facts)
    if not others:
        return Finding("other runs", "none", OK, "No other arms computed here when this run began.")
    return Finding(
        "other runs",
        ", ".join(map(str, others)),
        WARN,
        "Each disturbs what the others measure.",
        "Measure one after the other.",
    )


def _load(facts: Facts) -> Finding | None:
    share = number(facts, "busy_elsewhere")
    what = "other load"
    if share is None:
        return unreadable(facts, "busy_elsewhere", what, "Whether other programs compute cannot be told.")
    means, do = "Little else computed when this run began.", ""
    if share >= BUSY:
        means = "Other programs, or other guests of this machine's host, computed beside the arms."
        do = "End them, or measure when they have ended."
    return Finding(what, _percent(share), level(share, BUSY, VERY_BUSY), means, do)


def _load_average(facts: Facts) -> Finding | None:
    load, cores = number(facts, "load"), number(facts, "cores_online")
    if load is None or not cores:
        return unreadable(facts, "cores_online", "load average", "How busy the last minute was cannot be told.")
    if load < cores / 2:
        return Finding("load average", load, OK, "The machine was mostly idle in the last minute.")
    return Finding(
        "load average",
        load,
        NOTE,
        "The machine was busy in the last minute, with earlier runs or with other work that may come back.",
        "See what runs here (`top`).",
    )


def _cores(facts: Facts) -> Finding | None:
    usable, online = number(facts, "cores"), number(facts, "cores_online")
    if usable is None or online is None:
        return unreadable(facts, "cores_online", "cores", "How many cores there are cannot be told.")
    value = f"{usable:g} of {online:g}"
    if usable == 1:
        means = "Whatever else runs takes turns with the arm on its one core."
        return Finding("cores", value, NOTE, means, "Use a machine, or an affinity, of two cores or more.")
    if usable < online:
        means = "Affinity keeps this process to some cores; what is measured holds for so many."
        return Finding("cores", value, NOTE, means, "Give it all cores (`taskset`), unless that is meant.")
    return Finding("cores", value, OK, "All cores may be used.")


def _hyper_threads(facts: Facts) -> Finding | None:
    threads = number(facts, "threads_per_core")
    if threads is None:
        return unreadable(facts, "threads_per_core", "threads a core", "Whether cores are shared cannot be told.")
    if threads <= 1:
        return Finding("threads a core", threads, OK, "No two of the cores share one core's units.")
    return Finding(
        "threads a core",
        threads,
        NOTE,
        "Two processors share a core: an arm slows down when something else runs on the other one of its core.",
        "Give --threads the number of real cores, or switch hyper-threads off.",
    )


def _frequency(facts: Facts) -> Finding | None:
    governor = facts.get("governor")
    if not isinstance(governor, str):
        means = "What sets the clock's frequency is hidden, as it is in most virtual machines."
        return unreadable(facts, "governor", "governor", means)
    if governor == "performance":
        return Finding("governor", governor, OK, "The clock does not wait for load.")
    means = "The clock follows the load, so that epochs after a pause are slower."
    return Finding("governor", governor, NOTE, means, "`cpupower frequency-set -g performance`")


def _turbo(facts: Facts) -> Finding | None:
    turbo = facts.get("turbo")
    if not isinstance(turbo, bool):
        return unreadable(facts, "turbo", "turbo", "Whether the clock may go beyond what lasts is hidden.")
    if not turbo:
        return Finding("turbo", "off", OK, "The clock stays where it can stay.")
    means = "The clock falls as the chip warms up and as more cores work. Turns let all arms share that."
    return Finding("turbo", "on", NOTE, means, "Switch it off where absolute seconds matter (no_turbo or boost).")


def _virtual(facts: Facts) -> Finding | None:
    virtual = facts.get("virtual")
    if not isinstance(virtual, bool):
        return unreadable(facts, "virtual", "virtual machine", "Whether a host shares it out cannot be told.")
    if not virtual:
        return Finding("virtual machine", "no", OK, "No host gives its cores to others.")
    means = "Its host decides which real cores it gets and who shares them, so that seconds change from hour to hour."
    return Finding("virtual machine", "yes", NOTE, means, "Relate only arms of one run; for more, a dedicated host.")


def _stolen(facts: Facts) -> Finding | None:
    share = number(facts, "stolen")
    if share is None:
        return unreadable(facts, "stolen", "stolen time", "Whether a host withholds time cannot be told.")
    means, do = "The host has given nearly all the time that was asked for since it started.", ""
    if share >= STOLEN:
        means = "The host let this machine wait while it ran others."
        do = "Measure when they are quiet, on a larger machine, or on a dedicated host."
    return Finding("stolen time", _percent(share), level(share, STOLEN, MUCH_STOLEN), means, do)


def _quota(facts: Facts) -> Finding | None:
    if "quota_cores" not in facts:
        return None
    quota, usable = number(facts, "quota_cores"), number(facts, "cores")
    if quota is None:
        return Finding("container's cores", "no limit", OK, "No limit was found that would stop an arm.")
    if usable is None or quota >= usable:
        return Finding("container's cores", f"{quota:g} cores", OK, "It covers all cores that may be used.")
    threads = max(floor(quota), 1)
    means = "Arms that use more are stopped for the rest of each period, typically 100 ms."
    do = f"Give --threads {threads}, or raise the limit."
    return Finding("container's cores", f"{quota:g} of {usable:g} cores", WARN, means, do)


def _throttled(facts: Facts) -> Finding | None:
    share = number(facts, "throttled")
    if share is None:  # without a limit, the kernel does not count
        return None
    means, do = "The container has hardly ever used its processor time up.", ""
    if share >= THROTTLED:
        means, do = "The container used its processor time up and was stopped so often.", "Raise its limit."
    return Finding("throttled", _percent(share), level(share, THROTTLED, 10 * THROTTLED), means, do)


def _memory(facts: Facts) -> Finding | None:
    free, limit = number(facts, "memory_free_bytes"), number(facts, "memory_limit_bytes")
    if free is None:
        return unreadable(facts, "memory_free_bytes", "free memory", "Whether arms fit together cannot be told.")
    value = f"{free / 1e9:.3g} GB" + (f", container's limit {limit / 1e9:.3g} GB" if limit else "")
    if free >= LITTLE_MEMORY:
        return Finding("free memory", value, OK, "At least two small arms fit.")
    means = "Arms that do not fit together are measured in pairs, or one after the other, which tells less."
    return Finding("free memory", value, WARN, means, "Free some, or raise the container's limit.")


def _swap(facts: Facts) -> Finding | None:
    used = number(facts, "swap_used_bytes")
    if used is None:
        return unreadable(facts, "swap_used_bytes", "swap in use", "Whether memory has run short cannot be told.")
    value = f"{used / 1e6:.3g} MB"
    if used < SWAPPED:
        return Finding("swap in use", value, OK, "Memory has not run short.")
    means = "Memory has run short before. An arm whose pages are on disk waits for them."
    return Finding("swap in use", value, NOTE, means, "End what takes the memory, then `swapoff -a; swapon -a`.")


def _environment(facts: Facts) -> Finding | None:
    found = facts.get("environment")
    if not isinstance(found, Mapping):
        return None
    what = "threads set"
    if not found:
        return Finding(what, "none", OK, "--threads alone says how many threads an arm has.")
    means = "Your own runs have these. Arms have as many threads as --threads says; the rest holds for them too."
    value = ", ".join(f"{name}={setting}" for name, setting in found.items())
    return Finding(what, value, NOTE, means, "Unset them, or give --threads the same number.")


def _frameworks(facts: Facts) -> Finding | None:
    found = facts.get("frameworks")
    if not isinstance(found, Mapping):
        return None
    builds = [(name, *f"{build}".partition(" ")) for name, build in found.items() if build]
    if not builds:
        return Finding("frameworks", "none installed", OK, "None of those that are known here.")
    value = ", ".join(f"{name} {version}" for name, version, _, _ in builds)
    platforms = "; ".join(f"{name} {platform}" for name, _, _, platform in builds if platform)
    return Finding(
        "frameworks", value, OK, f"Times and losses hold for what is installed{f': {platforms}' * bool(platforms)}."
    )


def _framework_settings(facts: Facts) -> Finding | None:
    found = facts.get("framework_settings")
    if not isinstance(found, Mapping):
        return None
    what = "framework settings"
    if not found:
        return Finding(what, "none", OK, "No environment variable changes what frameworks compute.")
    value = ", ".join(f"{name}={setting}" for name, setting in found.items())
    means = "They decide what frameworks compute: times and losses differ from those without."
    return Finding(what, value, NOTE, means, "Unset them, unless that is how you train.")


_RULES: tuple[Callable[[Facts], Finding | None], ...] = (
    *(_other_runs, _load, _load_average, _cores, _hyper_threads, _frequency, _turbo, _virtual, _stolen),
    *(_quota, _throttled, _memory, _swap, _environment, _frameworks, _framework_settings),
)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
