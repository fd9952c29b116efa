"""The differences between a stored run and a new one that make their figures incomparable."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.errors import BadInput, NotComparable
from harness.plan.plan import Plan
from harness.record.store import Record
from harness.suggest import nearest
from harness.worker.frameworks import result_variables

KINDS = ("machine", "threads", "versions", "case", "scale", "seed", "environment", "start")
"""The kinds of difference that `--allow` can name."""
MACHINE = ("processor", "cores", "memory_bytes")
"""The machine facts that must be the same in two runs, and in all parts of one run."""
_ALWAYS = ("python", "pinn-harness")
"""The packages that every run depends on, whatever its arms load."""


def check_allowed(allowed: Sequence[str]) -> None:
    """Raise BadInput if a name in `allowed` is not a kind of difference."""
    for kind in allowed:
        if kind not in KINDS:
            raise BadInput(f"--allow {kind!r} is not a kind of difference: {nearest(kind, KINDS)}")


def refuse(
    stored: Record, plan: Plan, facts: Mapping[str, Any], versions: Mapping[str, str], allowed: Sequence[str]
) -> None:
    """Raise NotComparable if the runs differ in kinds that are not `allowed`; the message lists all such differences.

    The arguments are those of `differences`.
    """
    found = [(kind, text) for kind, text in differences(stored, plan, facts, versions) if kind not in allowed]
    if found:
        listed = "; ".join(text for _, text in found)
        kinds = ", ".join(dict.fromkeys(kind for kind, _ in found))
        raise NotComparable(f"The stored run {stored.header.run} is not comparable: {listed} (--allow {kinds}).")


def differences(
    stored: Record, plan: Plan, facts: Mapping[str, Any], versions: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the kind and a description of each difference between a stored run and a new one.

    The new run is described by its `plan`, the `facts` of its machine, and the `versions` of the packages installed.
    """
    before = stored.header
    for name in MACHINE:
        if before.machine.get(name) != facts.get(name):
            yield "machine", f"its {name} was {before.machine.get(name)}, here it is {facts.get(name)}"
    for kind in ("threads", "case", "scale", "seed"):
        old, new = getattr(before.plan, kind), getattr(plan, kind)
        if old != new:
            yield kind, f"its {kind} was {old}, now it is {new}"
    for name, version in sorted(_get_loaded_versions(stored).items()):
        if versions.get(name) != version:
            here = f"here it is {versions[name]}" if name in versions else "here it is not installed"
            yield "versions", f"it ran with {name} {version}, {here}"
    environment = stored.ready[0].environment if stored.ready else {}
    for name in result_variables():
        if environment.get(name) != os.environ.get(name):
            there, here = environment.get(name, "not recorded"), os.environ.get(name, "not set")
            yield "environment", f"its {name} was {there}, here it is {here}"
    if bool(before.plan.preload) != bool(plan.preload):
        ways = {True: "forked", False: "fresh"}
        yield "start", f"its arms were {ways[bool(before.plan.preload)]}, here they are {ways[bool(plan.preload)]}"


def _get_loaded_versions(stored: Record) -> dict[str, str]:
    """Return the versions of the modules that the arms of a stored run had loaded, by module.

    Other installed packages are left out, because they make no difference to the arms. A version is that of the
    installed package if the header has it, because versions on this machine are determined in the same way. Headers of
    earlier runs list fewer packages, by the package's name instead of the module's.
    """
    installed = {name.replace("-", "_"): version for name, version in stored.header.versions.items()}
    loaded = {name: version for name, version in stored.loaded().items() if " " not in name}
    always = {name: version for name in _ALWAYS if (version := stored.header.versions.get(name))}
    return {name: installed.get(name, version) for name, version in loaded.items()} | always
