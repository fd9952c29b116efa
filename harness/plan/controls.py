"""Control arms, whose result is known in advance: they test the measurement itself."""

from dataclasses import replace as replace_request

from msgspec.structs import replace

from harness.catalog import registry
from harness.errors import BadInput
from harness.plan import planning
from harness.plan.plan import Arm, Plan
from harness.plan.planning import Traits
from harness.plan.request import Request

LEAST_SLOWDOWN = 0.05
"""The slowdown that a self-check plants, as a fraction of an epoch's time, unless twice the tolerance is larger."""


def repeat_of(arm: Arm) -> Arm:
    """Return a null arm: a second copy of `arm`, which must take as long."""
    return replace(arm, label=f"{arm.label} again")


def slowed(arm: Arm, share: float) -> Arm:
    """Return a copy of `arm` in which every epoch is lengthened by the fraction `share` of its time."""
    return replace(arm, label=f"{arm.label} +{100 * share:g}%", slowdown=share)


def selfcheck(request: Request) -> Plan:
    """Return the plan of a self-check: a variant, a repeat of it, and a slowed copy.

    The slowdown is twice the tolerance, or `LEAST_SLOWDOWN` if that is larger. The default variant is the baseline of
    the default comparison, at the small scale of its collection. Raises BadInput as `planning.draft` does.
    """
    names = request.names or registry.registered().compared[:1]
    if not names:
        raise BadInput("There is nothing to run: name a variant (--variant).")
    traits = Traits(command="selfcheck", default_names=False, small_scale=True)
    plan = planning.draft(replace_request(request, names=names), traits)
    (arm,) = plan.arms
    share = float(f"{max(LEAST_SLOWDOWN, 2 * plan.tolerance):.2g}")  # rounded to two digits so that the label is exact
    return replace(plan, arms=(arm, repeat_of(arm), slowed(arm, share)))
