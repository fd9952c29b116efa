"""What a reader must know besides the tables."""

from msgspec.structs import replace
from simulated import DATA, FULL, REFINE, record

from harness.report.sections import notes
from harness.report.summarize import summarize

SECONDS = {arm: dict.fromkeys((DATA, REFINE, FULL), 0.1) for arm in ("a", "b")}
SUMMARY = summarize(record(SECONDS))


def on(**facts):
    return replace(SUMMARY, machine=facts)


def test_other_load_is_named_if_it_is_much():
    assert list(notes.load(on(busy_elsewhere=0.5))) == [
        "Other programs, or other guests of this machine's host, kept 50 % of the processors busy when this run began:"
        " intervals are wider than on a quiet machine."
    ]
    assert list(notes.load(on(busy_elsewhere=0.2))) == []
    assert list(notes.load(on())) == [], "not observed"


def test_another_run_is_reason_enough_for_the_load():
    busy = on(busy_elsewhere=0.9, other_runs=[7])
    (sentence,) = notes.about_machine(busy)
    assert "Another harness run" in sentence
    assert list(notes.load(busy)) == []


def test_a_budget_that_is_too_short_for_lines_is_named():
    (sentence,) = notes.uncounted(replace(SUMMARY, budget=40.0, counts_operations=False))
    assert "--budget 45s" in sentence
    assert list(notes.uncounted(replace(SUMMARY, budget=20.0, counts_operations=True))) == [], "as `explain` does"
    assert list(notes.uncounted(replace(SUMMARY, budget=None, counts_operations=False))) == []


def test_arms_that_import_their_libraries_anew_are_named():
    why = "MINE is set before numpy is imported"
    first, second = SUMMARY.arms
    arms = [first, replace(second, not_forkable=why)]
    assert list(notes.imported_anew(replace(SUMMARY, arms=arms))) == [
        f"All processes imported their libraries anew, which takes longer, because in b {why}."
    ]
    both = [replace(arm, not_forkable=why) for arm in arms]
    assert list(notes.imported_anew(replace(SUMMARY, arms=both))) == [
        f"All processes imported their libraries anew, which takes longer, because in a and b {why}."
    ]
    assert list(notes.imported_anew(replace(SUMMARY, arms=arms, blocks=1))) == []
