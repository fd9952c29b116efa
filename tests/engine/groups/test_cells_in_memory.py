"""Cells that memory does not hold together: pairs with the baseline, in every block, whatever its cells are."""

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
def test_as_many_arms_as_did_not_fit_are_not_tried_again(too_large, arms, fit):
    assert Known(too_large={frozenset(too_large)}).fit(list(arms)) == fit


def test_cells_that_do_not_fit_are_paired_with_the_baseline_and_their_shares_add_up(tmp_path, monkeypatch):
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
