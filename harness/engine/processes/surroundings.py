"""The environment variables that a plan gives to the processes of its arms."""

import os
from collections.abc import Mapping

from harness.engine.machine.gpus import visible
from harness.engine.processes import process
from harness.plan.plan import Plan
from harness.worker import frameworks


def list_variables(plan: Plan) -> Mapping[str, str]:
    """Return the variables that are set for all arms alike, in addition to those that they inherit.

    Frameworks must not take a whole GPU each, because several arms live at once; what the user has set stays.
    """
    sharing = frameworks.sharing_variables().items()
    return {
        **{name: value for name, value in sharing if name not in os.environ},
        **(process.find_caches() if plan.keep_caches else {}),
        **visible(plan.device),
    }
