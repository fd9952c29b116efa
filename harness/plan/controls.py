"""Arms whose answer is known beforehand, by which the measuring itself is put to the test."""

from typing import Any

from msgspec.structs import replace

from harness.catalog import registry
from harness.errors import BadInput
from harness.plan import planning
from harness.plan.plan import Arm, Plan

LEAST_SLOWDOWN = 0.05
"""What a self-check plants, as a share, unless twice the tolerance is more."""


def null(arm: Arm) -> Arm:
    """The same again, which takes as long."""
    return replace(arm, label=f"{arm.label} again")


def slowed(arm: Arm, share: float) -> Arm:
    """The same, with every epoch drawn out by that share of its time."""
    return replace(arm, label=f"{arm.label} +{100 * share:g}%", slowdown=share)


def selfcheck(variant: str | None, *, scale: str | None = None, tolerance: float = 0.03, **request: Any) -> Plan:
    """A variant, itself again, and itself slowed by twice the tolerance, or `LEAST_SLOWDOWN` where that is more.

    Unless somebody says otherwise it is the baseline of those that are compared by default, at the scale `smoke` if it
    has that. The rest of the request, and what is raised, is as for `planning.make`.
    """
    name = next(iter(registry.registered().compared), None) if variant is None else variant
    if name is None:
        raise BadInput("There is nothing to run: name a variant (--variant).")
    known = registry.find(name)
    if scale is None and known and "smoke" in known.scales:
        scale = "smoke"
    plan = planning.make("selfcheck", [name], scale=scale, tolerance=tolerance, **request)
    (arm,) = plan.arms
    share = float(f"{max(LEAST_SLOWDOWN, 2 * tolerance):.2g}")  # two digits are enough for a label to be true
    return replace(plan, arms=(arm, null(arm), slowed(arm, share)))
