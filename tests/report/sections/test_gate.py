import pytest

from harness.analysis.gate.check import Check
from harness.analysis.gate.judge import GateVerdict
from harness.analysis.stats.ratios import Ratio
from harness.report.formats.github import annotation
from harness.report.sections import gate

SLOWER = Check("pinn", "epoch_time", "full", "regressed", 0.001, 0.0011, Ratio(1.1, 1.08, 1.12), 0.03, None, 1.05)
UNSURE = Check("pinn", "total_time", None, "unsure", 1.0, 1.02, Ratio(1.02, 0.9, 1.2), 0.03, "it is wide", 1.2)
TRACES = Check("pinn", "traces", None, "regressed", 1, 2, None, 0, "in 50 epochs: step (a.py:1) 1 time more")
FASTER = Check("pinn", "epoch_time", "full", "improved", 0.001, 0.0007, Ratio(0.7, 0.69, 0.71), 0.03)
FINE = Check("pinn", "peak_memory", None, "ok", 1e9, 1.01e9, Ratio(1.01), 0.1)


def verdict(answer, *checks, unsure="fail"):
    return GateVerdict(answer, "main (0123)", "the working tree", unsure, list(checks))


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (SLOWER, "pinn: epoch time (full) got worse: 1.00 ms to 1.10 ms, +10 % [+8, +12]; +3 % is allowed."),
        (UNSURE, "pinn: total time is unsure: it is wide; a difference of 20 % would have been detected."),
        (TRACES, "pinn: traces went from 1 to 2, in 50 epochs: step (a.py:1) 1 time more."),
        (FASTER, "pinn: epoch time (full) got better: 1.00 ms to 700 us, -30 % [-31, -29]."),
    ],
)
def test_a_check_is_a_sentence(check, says):
    assert gate.sentence_of(check) == says


def test_the_answer_comes_first_and_names_what_it_rests_on():
    said = gate.sentences(verdict("regressed", FINE, SLOWER, UNSURE))
    assert said[0] == "Regressed: epoch time (full) of pinn; the working tree against main (0123)."
    assert len(said) == 3
    assert gate.sentence(verdict("passed", FINE)).startswith("Passed")


def test_annotations_are_as_bad_as_what_they_tell():
    assert [level for level, _ in gate.lines(verdict("regressed", FINE, SLOWER, UNSURE))] == ["error", "error"]
    assert [level for level, _ in gate.lines(verdict("unsure", UNSURE, unsure="warn"))] == ["warning"]
    assert [level for level, _ in gate.lines(verdict("passed", FASTER))] == ["notice", "notice"]


def test_a_row_for_each_part_unless_all_are_the_same():
    same = [Check("pinn", "flops", kind, "ok", 1e9, 1e9, Ratio(1.0), 0.0) for kind in ("data", "full")]
    other = Check("pinn", "flops", "ramp", "improved", 1e9, 5e8, Ratio(0.5), 0.0)
    (table,) = gate.tables(verdict("passed", *same))
    assert table.rows == [["operations", "", "", "all 2 same", "+0 %", "ok"]]
    (table,) = gate.tables(verdict("passed", *same, other))
    assert [row[0] for row in table.rows] == ["operations (data)", "operations (full)", "operations (ramp)"]


def test_what_a_user_named_cannot_break_out_of_a_command():
    assert annotation("error", "50 % of\r\n::warning::x: y,z") == (
        "::error title=harness gate::50 %25 of%0D%0A::warning::x: y,z"
    )
