import pytest
from msgspec.structs import replace
from simulated import DATA, record

from harness.record.schema import Look, LookReason
from harness.report.wording.looks import describe_look

PLAN = replace(record({"a": {DATA: 1.0}}).plan, baseline="a", fewest=5, blocks=6, budget=60.0, patience=180.0)


@pytest.mark.parametrize(
    ("reason", "names", "number", "expected"),
    [
        (LookReason.ALL_BLOCKS, [], 1, "the only block is done"),
        (LookReason.ALL_BLOCKS, [], 6, "all 6 blocks are done"),
        (LookReason.BUDGET, [], None, "another block would not fit into the budget of 60 s"),
        (LookReason.FEWEST, [], None, "at least 5 blocks are needed"),
        (LookReason.NO_VERDICT_YET, [], None, "a verdict needs 3 blocks"),
        (LookReason.NOTHING_TO_COMPARE, [], None, "there is nothing to compare"),
        (LookReason.BASELINE_FAILED, ["a"], None, "a, the baseline, failed, so there is nothing to compare"),
        (LookReason.OTHERS_FAILED, ["b", "c"], None, "b and c failed, so there is nothing left to compare with a"),
        (LookReason.ARM_FAILED, ["b"], None, "b failed, and all arms are needed"),
        (LookReason.CLEAR, [], 1, "the verdict is clear"),
        (LookReason.CLEAR, [], 2, "every verdict is clear"),
        (LookReason.BETWEEN_LOOKS, [], 10, "the next look is after 10 blocks"),
        (LookReason.UNSURE, ["b"], None, "b is unsure"),
        (LookReason.UNSURE, ["b", "c", "d"], None, "b, c and d are unsure"),
        (LookReason.HOPELESS, ["b"], None, "b would stay unsure in 6 blocks"),
        (
            LookReason.PATIENCE,
            ["b"],
            None,
            "b is unsure, but another block would end after 180 s (--budget, --blocks)",
        ),
        (LookReason.NO_TIMES, [], None, "no time is gated"),
        (LookReason.REGRESSED, [], None, "a time has regressed"),
    ],
)
def test_a_look_has_its_reason(reason, names, number, expected):
    assert describe_look(Look(2, False, reason, names, number), PLAN, 6) == expected


def test_a_look_says_when_it_expects_to_be_clear():
    look = Look(2, True, LookReason.UNSURE, ["b"], seconds=21.3)
    assert describe_look(look, PLAN, 6) == "b is unsure, probably clear in 21.3 s"


def test_every_reason_has_words():
    for reason in LookReason:
        assert describe_look(Look(0, True, reason, ["b"], 2), PLAN, 6)


def test_an_older_record_has_its_own_words():
    assert describe_look(Look(0, True, why="b was unsure"), PLAN, 6) == "b was unsure"
