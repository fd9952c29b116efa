"""What a stored run and a new one differ by, so that their figures would not mean the same."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.catalog import nearest
from harness.errors import BadInput, NotComparable
from harness.plan import Plan
from harness.record import Record

SORTS = ("machine", "threads", "versions", "case", "scale", "seed", "environment", "start")
"""What `--allow` may name."""
MACHINE = ("processor", "cores", "memory_bytes")
"""The facts in which no two runs may differ, nor parts of one run."""
_ENVIRONMENT = ("TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS")


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
    for name in sorted(versions.keys() | before.versions.keys()):
        if versions.get(name) != before.versions.get(name):
            yield "versions", f"it ran with {name} {before.versions.get(name)}, here is {versions.get(name)}"
    environment = stored.ready[0].environment if stored.ready else {}
    for name in _ENVIRONMENT:
        if environment.get(name) != os.environ.get(name):
            yield "environment", f"its {name} was {environment.get(name)}, here it is {os.environ.get(name)}"
    if bool(before.plan.preload) != bool(plan.preload):
        ways = {True: "forked", False: "fresh"}
        yield "start", f"its arms were {ways[bool(before.plan.preload)]}, here they are {ways[bool(plan.preload)]}"
