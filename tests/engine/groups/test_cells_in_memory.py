"""Cells that do not fit in memory together run in pairs with the baseline, in every block."""

import pytest
from paths import CHANGED
from planned import planned

from harness.analysis.comparison.shares_of_changes import attribute
from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.projection import Projection
from harness.engine.groups.group import Group
from harness.engine.groups.known import Known
from harness.engine.session import measure


@pytest.mark.parametrize(
    ("too_large", "arms", "fit"),
    [
        ("abc", "abc", False),
        ("abc", "abd", False),
        ("abc", "abde", False),
        ("abc", "ab", True),
        ("abcd", "abc", True),
        ("ab", "ab", False),
        ("ab", "ac", True),
    ],
)
def test_does_not_retry_a_group_size_that_did_not_fit(too_large, arms, fit):
    assert Known(too_large={frozenset(too_large)}).fit(list(arms)) == fit


def test_cells_run_in_pairs_for_memory_have_shares_that_add_up(tmp_path, monkeypatch):
    monkeypatch.setattr(Group, "short_of_memory", lambda self, extra: len(self.live) > 2)
    plan = planned("ablate", goal=f"{CHANGED}:five", epochs=6, blocks=2)
    run = measure(plan, tmp_path / "run", lambda event, record: None)
    regrouped = {(end.block, end.group) for end in run.ends if end.status == "regrouped"}
    assert regrouped == {(0, 0)}
    pairs = {(line.block, line.group): set() for line in run.ready if (line.block, line.group) not in regrouped}
    for line in run.ready:
        pairs.get((line.block, line.group), set()).add(line.arm)
    assert all(len(pair) == 2 and "unchanged" in pair for pair in pairs.values())
    assert len(pairs) == 2 * 9
    found = attribute(Projection(run, epoch_table.table(run)))
    assert found.blocks == 2
    for figure in ("log_ratio", "seconds"):
        parts = [getattr(share, figure).estimate for share in found.changes]
        assert sum(parts) == pytest.approx(getattr(found.total, figure).estimate)
