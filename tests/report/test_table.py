"""Columns can be sorted by what their cells show."""

import re

import pytest
import trained
from ablated import ablated
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from shown import contents
from simulated import DATA, FULL, REFINE, record

from harness.analysis.epochs.projection import Seconds
from harness.analysis.metrics.base import Unit
from harness.analysis.stats.ratios import Ratio
from harness.record.schema import Work
from harness.report import units
from harness.report.sections import comparison
from harness.report.summarize import summarize
from harness.report.table import Cell, Table, values

sizes = st.floats(1e-6, 1e9)
ARMS = {"a": {DATA: 0.1, REFINE: 1.0, FULL: 0.2}, "b": {DATA: 0.1, REFINE: 1.0, FULL: 0.1}}


@given(
    sizes,
    st.sampled_from([units.seconds, units.size, units.number, units.flops, units.flops_per_second, units.percent]),
)
def test_a_figure_is_sorted_by_its_value(value, unit):
    assert values([unit(value)]) == [value]


@given(sizes)
def test_a_ratio_and_a_projection_are_sorted_by_their_estimate(value):
    found = Ratio(value, value / 2, value * 2)
    assert values([units.ratio(found), units.short_ratio(found), units.ratio(Ratio(value))]) == [value] * 3
    assert values([units.projection(Seconds(value, value / 2, value * 2))]) == [value]


@given(st.integers(0, 10**9), st.sampled_from(Unit))
def test_a_figure_of_a_metric_is_sorted_by_its_value_whatever_its_unit(value, unit):
    assert values([units.figure(unit, value), units.figure(unit, None)]) == [value, None]


def test_differences_are_sorted_by_size():
    cells = [units.signed(-2e6, units.size(2e6)), units.signed(3.0, units.number(3.0)), units.count(1234)]
    assert cells == ["-2.00 MB", "+3.00", "1,234"]
    assert values(cells) == [-2e6, 3.0, 1234]


@pytest.mark.parametrize("cell", ["", "-", "same", "never", "step 3", "3 blind mice", "unsure", "<b>", "0.5x"])
def test_words_have_no_sort_value(cell):
    assert values([cell, units.NOTHING, Cell(cell)]) == [None] * 3


def test_baseline_sorts_as_1_among_ratios():
    summary = summarize(record(ARMS))
    rows = comparison.times(summary).rows
    assert [row[1] for row in rows] == ["baseline", "0.647x [0.647, 0.647]"]
    assert values([row[1] for row in rows]) == [1.0, pytest.approx(11 / 17)]
    rows = comparison.kinds(summary).rows
    assert [row[3] for row in rows] == ["200 ms", "0.500x ±0.0%"]
    assert values([row[3] for row in rows]) == [1.0, pytest.approx(0.5)]


def compared():
    run = record(ARMS)
    for arm, flops in (("a", 1e9), ("b", 2e9)):
        run.add(Work(block=0, group=0, arm=arm, flops={FULL: flops}, gemm_flops_per_second=1e11))
    return run


def profiled():
    run = record({"a": ARMS["a"]}, blocks=1)
    run.add(replace(run.header, plan=replace(run.plan, command="profile", probes=("phases",))))
    return run


CURVES = {"net": trained.falling(1.0, 0.5, 0.2), "solver": trained.falling(0.1, 0.001)}
RUNS = {
    "compare": compared(),
    "profile": profiled(),
    "ablate": ablated(("quick", "lean"), lambda made: (1.0, 0.5, 0.1)[len(made)], noise=0.001),
    "converge": trained.record(
        CURVES, walls={"net": 4.0, "solver": 0.1}, target=("error", 0.3), references=("solver",), fails=[("net", 2)]
    ),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_every_figure_of_a_report_is_sortable(run):
    tables = contents(run).tables
    assert len(tables) > 1
    seen = 0
    for table in tables:
        assert isinstance(table, Table)
        for row in table.rows:
            assert len(row) == len(table.columns)
            for cell in row[table.texts :]:
                if re.match(r"[+-]?[\d.]", cell):
                    assert isinstance(cell, Cell) and cell.value is not None, (table.title, row, cell)
                    seen += 1
    assert seen > 3
