"""Arms whose answer is known beforehand, by which the measuring itself is put to the test."""

from dataclasses import replace as replace_request

from msgspec.structs import replace

from harness.catalog import registry
from harness.errors import BadInput
from harness.plan import planning
from harness.plan.plan import Arm, Plan
from harness.plan.planning import Traits
from harness.plan.request import Request

LEAST_SLOWDOWN = 0.05
"""What a self-check plants, as a share, unless twice the tolerance is more."""


def null(arm: Arm) -> Arm:
    """The same again, which takes as long."""
    return replace(arm, label=f"{arm.label} again")


def slowed(arm: Arm, share: float) -> Arm:
    """The same, with every epoch drawn out by that share of its time."""
    return replace(arm, label=f"{arm.label} +{100 * share:g}%", slowdown=share)


def selfcheck(request: Request) -> Plan:
    """A variant, itself again, and itself slowed by twice the tolerance, or `LEAST_SLOWDOWN` where that is more.

    The default variant is the baseline of those that are compared by default, at the small scale of its collection.
    Raises BadInput as `planning.draft` does.
    """
    names = request.names or registry.registered().compared[:1]
    if not names:
        raise BadInput("There is nothing to run: name a variant (--variant).")
    traits = Traits(command="selfcheck", default_names=False, small_scale=True)
    plan = planning.draft(replace_request(request, names=names), traits)
    (arm,) = plan.arms
    share = float(f"{max(LEAST_SLOWDOWN, 2 * plan.tolerance):.2g}")  # two digits are enough for a label to be true
    return replace(plan, arms=(arm, null(arm), slowed(arm, share)))
