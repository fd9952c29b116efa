"""What a stored run and a new one differ by, so that their figures would not mean the same."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.errors import BadInput, NotComparable
from harness.plan.plan import Plan
from harness.record.store import Record
from harness.suggest import nearest
from harness.worker.frameworks import result_variables

SORTS = ("machine", "threads", "versions", "case", "scale", "seed", "environment", "start")
"""What `--allow` may name."""
MACHINE = ("processor", "cores", "memory_bytes")
"""The facts in which no two runs may differ, nor parts of one run."""
_ALWAYS = ("python", "pinn-harness")
"""What every run depends on, whatever its arms load."""


def check_allowed(allowed: Sequence[str]) -> None:
    """Raises BadInput for what is no sort of difference."""
    for sort in allowed:
        if sort not in SORTS:
            raise BadInput(f"--allow {sort!r} names nothing that runs differ by: {nearest(sort, SORTS)}")


def refuse(
    stored: Record, plan: Plan, facts: Mapping[str, Any], versions: Mapping[str, str], allowed: Sequence[str]
) -> None:
    """Raises NotComparable where they differ in what is not `allowed`, naming all of it."""
    found = [(sort, text) for sort, text in differences(stored, plan, facts, versions) if sort not in allowed]
    if found:
        listed = "; ".join(text for _, text in found)
        sorts = ", ".join(dict.fromkeys(sort for sort, _ in found))
        raise NotComparable(f"The stored run {stored.header.run} is not comparable: {listed} (--allow {sorts}).")


def differences(
    stored: Record, plan: Plan, facts: Mapping[str, Any], versions: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Each with its sort."""
    before = stored.header
    for name in MACHINE:
        if before.machine.get(name) != facts.get(name):
            yield "machine", f"its {name} was {before.machine.get(name)}, here it is {facts.get(name)}"
    for sort in ("threads", "case", "scale", "seed"):
        one, other = getattr(before.plan, sort), getattr(plan, sort)
        if one != other:
            yield sort, f"its {sort} was {one}, now it is {other}"
    for name, version in sorted(_ran_with(stored).items()):
        if versions.get(name) != version:
            here = f"here is {versions[name]}" if name in versions else "here none is installed"
            yield "versions", f"it ran with {name} {version}, {here}"
    environment = stored.ready[0].environment if stored.ready else {}
    for name in result_variables():
        if environment.get(name) != os.environ.get(name):
            there, here = environment.get(name, "not on record"), os.environ.get(name, "not set")
            yield "environment", f"its {name} was {there}, here it is {here}"
    if bool(before.plan.preload) != bool(plan.preload):
        ways = {True: "forked", False: "fresh"}
        yield "start", f"its arms were {ways[bool(before.plan.preload)]}, here they are {ways[bool(plan.preload)]}"


def _ran_with(stored: Record) -> dict[str, str]:
    """The versions of what its arms had loaded, by module, whatever installed it. What else was installed there, or is
    here, makes no difference to them.

    They are the installers' words where these are known, as those of this machine are; earlier runs wrote down fewer,
    by the names of what installed them.
    """
    installed = {name.replace("-", "_"): version for name, version in stored.header.versions.items()}
    loaded = {name: version for name, version in stored.loaded().items() if " " not in name}
    always = {name: version for name in _ALWAYS if (version := stored.header.versions.get(name))}
    return {name: installed.get(name, version) for name, version in loaded.items()} | always
