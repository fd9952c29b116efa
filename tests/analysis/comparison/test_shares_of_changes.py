"""Simulated cells with known shares: the intervals cover them at the nominal rate."""

from math import exp, log

import numpy as np
import pytest
from ablated import ablated, ablation
from shares import SYSTEMS, measured, simulate

from harness.analysis.comparison.shares_of_changes import attribute, block_shares, shares
from harness.analysis.epochs import table as epoch_table
from harness.analysis.epochs.projection import Projection
from harness.plan.cells import draw_orders

FOUR, SEVEN = ("a", "b", "c", "d"), tuple("abcdefg")


four, seven, program = SYSTEMS
FOUR, SEVEN = four.changes, seven.changes


@pytest.mark.parametrize(
    ("system", "blocks"),
    [(four, 3), (four, 6), (seven, 6), (seven, 8), (program, 6)],
    ids=lambda x: getattr(x, "name", x),
)
def test_intervals_cover_the_true_shares_at_the_nominal_rate(system, blocks):
    found = simulate(system, blocks, runs=300)
    assert 0.92 < found.coverage < 0.98
    assert found.worst > 0.88
    assert found.bias < (0.002 if system.crossed else 0.008)
    assert found.error < (0.004 if system.crossed else 0.04)


def test_shares_add_up_in_every_block_in_logs_and_in_seconds():
    random = np.random.default_rng(1)
    for system, orders in ((four, ()), (seven, draw_orders(SEVEN, 5, 0))):
        names = system.changes
        plan = ablation(names, orders)
        found = shares(plan, measured(system, plan, 5, random), 0.1)
        for block in range(5):
            total = found.totals[block]
            assert sum(found.logs[name][block] for name in names) == pytest.approx(total)
            assert found.differences[block] == pytest.approx(0.1 * (exp(total) - 1))
            assert sum(found.seconds[name][block] for name in names) == pytest.approx(found.differences[block])


def test_finds_only_the_real_interaction():
    run = ablated(FOUR, lambda made: exp(four.log_cost(made)), noise=0.01)
    found = attribute(Projection(run, epoch_table.table(run)))
    assert [one.changes for one in found.interactions] == [("a", "b")]
    assert found.interactions[0].log_ratio.low < 0.5 < found.interactions[0].log_ratio.high
    truth = four.shares
    for share in found.changes:
        assert share.log_ratio.estimate == pytest.approx(truth[share.name], abs=0.01)
    assert [share.verdict for share in found.changes] == ["slower", "faster", "slower", "same"]
    a = found.changes[0]
    assert a.alone.estimate == pytest.approx(0.99, abs=0.01)
    assert a.last.estimate == pytest.approx(0.99 * exp(0.5), abs=0.01)


def test_shares_from_sampled_orders_add_up():
    run = ablated(SEVEN, lambda made: exp(seven.log_cost(made)), orders=draw_orders(SEVEN, 8, 0), blocks=8, noise=0.01)
    found = attribute(Projection(run, epoch_table.table(run)))
    assert (found.crossed, found.blocks, found.interactions) == (False, 8, None)
    assert sum(share.log_ratio.estimate for share in found.changes) == pytest.approx(found.total.log_ratio.estimate)
    assert found.total.log_ratio.estimate == pytest.approx(seven.log_cost(frozenset(SEVEN)), abs=0.01)
    truth = seven.shares
    assert all(share.log_ratio.low < truth[share.name] < share.log_ratio.high for share in found.changes)
    assert all(share.alone and share.last for share in found.changes)
    assert found.cells == len(run.plan.ablation.cells)
    # What d earns depends on the order by more than a third of that, and it earns it all the same.
    d = found.changes[3]
    assert (d.log_ratio.high - d.log_ratio.low) / 2 > abs(d.log_ratio.estimate) / 3
    assert d.verdict == "faster"


def test_shares_of_memory_add_up_too():
    sizes = {"a": -300, "b": 500}
    run = ablated(("a", "b"), lambda made: 1.0, peaks=lambda made: 1000 + sum(sizes[name] for name in made))
    found = attribute(Projection(run, epoch_table.table(run)))
    assert [share.peak_tensor_bytes for share in found.changes] == [-300, 500]
    assert found.total.peak_tensor_bytes == 200


def test_a_failed_cell_keeps_blocks_that_did_not_need_it():
    """With orders, these are the blocks whose orders do not contain the cell."""
    orders = (tuple("abcde"), tuple("bacde"))
    run = ablated("abcde", lambda made: 0.5 ** len(made), orders=orders, blocks=2, failing=["a+b+c"])
    found = attribute(Projection(run, epoch_table.table(run)))
    assert found.blocks == 0
    run = ablated("abcde", lambda made: 0.5 ** len(made), orders=orders, blocks=2, failing=["a"])
    found = attribute(Projection(run, epoch_table.table(run)))
    assert (found.blocks, found.failed) == (1, ["a"])
    assert [share.log_ratio.estimate for share in found.changes] == pytest.approx([log(0.5)] * 5)
    assert found.changes[0].alone is None


def test_no_shares_without_a_baseline():
    run = ablated(("a", "b"), lambda made: 1.0, failing=["start"])
    table = epoch_table.table(run)
    assert block_shares(run, table) == {}
    assert attribute(Projection(run, table)).total.log_ratio is None


def test_a_plan_without_changes_has_no_shares():
    from simulated import DATA, record

    run = record({"a": {DATA: 0.1}, "b": {DATA: 0.1}})
    assert attribute(Projection(run, epoch_table.table(run))) is None
