"""Small versions of the simulations in `benchmarks/experiments`, so that what they print stays true."""

from math import log

import coverage
import gate_answers
import gated
import growth
import looks
import pytest
from gate_answers import Head

from harness.analysis.stats.levels import ERROR, level

UNSKEWED = [machine for machine in coverage.MACHINES if not machine.skewed]


@pytest.mark.parametrize("machine", UNSKEWED, ids=lambda machine: machine.name)
@pytest.mark.parametrize("blocks", [3, 5])
def test_intervals_have_nominal_coverage(machine, blocks):
    assert coverage.coverage(machine, blocks, runs=500) == pytest.approx(0.95, abs=0.035)


@pytest.mark.parametrize("machine", coverage.MACHINES, ids=lambda machine: machine.name)
def test_equal_arms_are_not_called_different_on_any_machine(machine):
    counts, _ = coverage.answers(machine, 0.0, runs=200)
    assert (counts["faster"] + counts["slower"]) / 200 < ERROR


@pytest.mark.parametrize("name", ["quiet", "heavy tails", "drift"])
def test_detects_differences_that_are_large_enough(name):
    machine = next(machine for machine in coverage.MACHINES if machine.name == name)
    counts, _ = coverage.answers(machine, log(1.06), runs=100)
    assert counts["slower"] >= 90
    assert counts["same"] + counts["faster"] == 0


@pytest.mark.parametrize("heavy", [False, True])
@pytest.mark.parametrize("scatter", [0.1, 0.4, 0.8])
def test_a_large_difference_is_seen_through_scatter_and_none_is_made_up(scatter, heavy):
    equal = coverage.scattered(scatter, heavy, 0.0, runs=200)
    assert (equal["faster"] + equal["slower"]) / 200 < ERROR
    faster = coverage.scattered(scatter, heavy, -log(6.7), runs=100)
    assert faster["slower"] == 0
    assert faster["faster"] > 30  # t(3) x 0.8, the worst: 58 %


def test_constants_for_repeated_looks_match_simulation():
    found = looks.levels(6, runs=200_000, seed=1)
    assert found == pytest.approx([level(3, 6, rank) for rank in range(1, 7)], rel=0.12)


@pytest.mark.parametrize(
    ("scatter", "metrics", "heavy"), [(0.0055, 1, False), (0.0055, 5, False), (0.01, 5, True), (0.1, 5, True)]
)
def test_a_gate_almost_never_calls_equal_code_worse(scatter, metrics, heavy):
    assert gate_answers.said(Head(0.0, scatter, metrics, heavy), 150).regressed == 0


@pytest.mark.parametrize(("metrics", "restless"), [(1, 1.0), (5, 1.0), (1, 4.0)])
def test_gate_error_rate_at_the_margin_is_nominal(metrics, restless):
    found = gate_answers.said(Head(log(1.03), metrics=metrics, restless=restless), 300)
    assert found.regressed <= ERROR
    assert found.passed <= ERROR


def test_a_gate_detects_regressions_and_passes_equal_code():
    assert gate_answers.said(Head(log(1.10), 0.01, 5), 100).regressed >= 0.98
    assert gate_answers.said(Head(log(1.05), metrics=5), 100).regressed >= 0.98
    assert gate_answers.said(Head(metrics=5), 100).passed >= 0.98


@pytest.mark.parametrize("row", gated.ROWS, ids=lambda row: row.name)
def test_each_gate_case_changes_the_program(row, tmp_path):
    gated.commit(tmp_path / "repository", row)
    base, head = row.base(gated.SOURCE), (tmp_path / "repository" / "training.py").read_text()
    assert base != head
    compile(head, "training.py", "exec")


@pytest.mark.parametrize("name", growth.SOUND)
@pytest.mark.parametrize("epochs", [20, 60])
def test_memory_without_a_leak_is_rarely_called_growing(name, epochs):
    assert growth.growing(growth.SOUND[name], epochs, 100) <= (0.10 if name == "random walk" else 0.05)


@pytest.mark.parametrize("name", growth.LEAKING)
def test_detects_a_leak_within_the_epochs_of_a_pass(name):
    assert growth.growing(growth.LEAKING[name], 60, 100) >= 0.95
