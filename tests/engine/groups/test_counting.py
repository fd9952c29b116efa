"""The start of a gate's counting pass, as it is recorded."""

import pytest
from paths import SUPPORT
from planned import planned

from harness.engine.groups.counting import Counting
from harness.engine.groups.group import Group
from harness.engine.groups.known import Known
from harness.plan.gate_rules import Tolerances, Triple


@pytest.mark.parametrize("repeatable", [True, False])
def test_the_record_says_whether_repeatable_kernels_were_asked_for(tmp_path, repeatable):
    plan = planned("compare", f"{SUPPORT / 'faults.py'}:Spikes")
    group = Group(plan, 0, 3, [], tmp_path, Known(), repeatable=repeatable)
    triple = Triple("spikes", "head", "base", "again", Tolerances())
    (start,) = Counting(group, triple).count()
    assert (start.block, start.group, start.repeatable) == (0, 3, repeatable)
