import pytest

from harness.analysis.gate.check import Check
from harness.analysis.gate.judge import GateVerdict
from harness.analysis.gate.reasons import Added, Reason, Why
from harness.analysis.stats.ratios import Ratio
from harness.report.formats.github import annotation
from harness.report.sections import gate
from harness.worker.wire.evidence import Trace

SLOWER = Check(
    variant="pinn",
    metric="epoch_time",
    part="full",
    answer="regressed",
    base=0.001,
    head=0.0011,
    ratio=Ratio(1.1, 1.08, 1.12),
    tolerance=0.03,
    why=None,
    smallest_visible_ratio=1.05,
)
UNSURE = Check(
    variant="pinn",
    metric="total_time",
    part=None,
    answer="unsure",
    base=1.0,
    head=1.02,
    ratio=Ratio(1.02, 0.9, 1.2),
    tolerance=0.03,
    why=Why(reason=Reason.WIDE),
    smallest_visible_ratio=1.2,
)
TRACES = Check(
    variant="pinn",
    metric="traces",
    part=None,
    answer="regressed",
    base=1,
    head=2,
    ratio=None,
    tolerance=0,
    why=Why(reason=Reason.COUNTED, epochs=50, added=(Added(1, 7, Trace("step", "a.py:1")),)),
)
FASTER = Check(
    variant="pinn",
    metric="epoch_time",
    part="full",
    answer="improved",
    base=0.001,
    head=0.0007,
    ratio=Ratio(0.7, 0.69, 0.71),
    tolerance=0.03,
)
FINE = Check(
    variant="pinn",
    metric="peak_memory",
    part=None,
    answer="ok",
    base=1e9,
    head=1.01e9,
    ratio=Ratio(1.01),
    tolerance=0.1,
)


def verdict(answer, *checks, unsure="fail"):
    return GateVerdict(answer=answer, base="main (0123)", head="the working tree", unsure=unsure, checks=list(checks))


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (SLOWER, "pinn: epoch time (full) got worse: 1.00 ms to 1.10 ms, +10 % [+8, +12]; +3 % is allowed."),
        (
            UNSURE,
            "pinn: total time is unsure: its interval is too wide; a difference of 20 % would have been detected.",
        ),
        (TRACES, "pinn: traces went from 1 to 2, in 50 epochs: step (a.py:1) 1 time more, first in epoch 7."),
        (FASTER, "pinn: epoch time (full) got better: 1.00 ms to 700 us, -30 % [-31, -29]."),
    ],
)
def test_a_check_is_a_sentence(check, expected):
    assert gate.sentence_of(check) == expected


def test_answer_comes_first_with_its_basis():
    lines_of_text = gate.sentences(verdict("regressed", FINE, SLOWER, UNSURE))
    assert lines_of_text[0] == "Regressed: epoch time (full) of pinn; the working tree against main (0123)."
    assert len(lines_of_text) == 3
    assert gate.sentence(verdict("passed", FINE)).startswith("Passed")


def test_annotation_level_matches_severity():
    assert [level for level, _ in gate.lines(verdict("regressed", FINE, SLOWER, UNSURE))] == ["error", "error"]
    assert [level for level, _ in gate.lines(verdict("unsure", UNSURE, unsure="warn"))] == ["warning"]
    assert [level for level, _ in gate.lines(verdict("passed", FASTER))] == ["notice", "notice"]


def test_a_row_for_each_part_unless_all_are_the_same():
    same = [
        Check(
            variant="pinn", metric="flops", part=kind, answer="ok", base=1e9, head=1e9, ratio=Ratio(1.0), tolerance=0.0
        )
        for kind in ("data", "full")
    ]
    other = Check(
        variant="pinn",
        metric="flops",
        part="ramp",
        answer="improved",
        base=1e9,
        head=5e8,
        ratio=Ratio(0.5),
        tolerance=0.0,
    )
    (table,) = gate.tables(verdict("passed", *same))
    assert table.rows == [["operations", "", "", "all 2 same", "+0 %", "ok"]]
    (table,) = gate.tables(verdict("passed", *same, other))
    assert [row[0] for row in table.rows] == ["operations (data)", "operations (full)", "operations (ramp)"]


def test_user_supplied_names_cannot_inject_commands():
    assert annotation("error", "50 % of\r\n::warning::x: y,z") == (
        "::error title=harness gate::50 %25 of%0D%0A::warning::x: y,z"
    )


def test_says_in_which_pass_kernels_were_asked_for_that_repeat_themselves():
    (said,) = gate.about_kernels(repeatable=True)
    assert said.startswith("Only the pass that counts")
    assert "Timed turns ran without them" in said
    assert list(gate.about_kernels(repeatable=False)) == []
