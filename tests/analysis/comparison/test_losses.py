from itertools import takewhile
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated import trained

from harness.analysis.comparison.losses import Losses, Relation, losses
from harness.record.schema import Objective, Slice

STEPS = [(0, {"loss": 1.0}), (1, {"loss": 0.5}), (7, {"loss": 0.25}), (8, {"loss": 0.2})]


def changed(steps, place, value):
    index, old = steps[place]
    return [*steps[:place], (index, dict.fromkeys(old, value)), *steps[place + 1 :]]


def verdict(candidate, baseline=STEPS, **terms):
    """The verdict on arm `b`, with steps `candidate`, against `a`, with steps `baseline`, in two equal blocks."""
    block = {"a": [baseline], "b": [candidate]}
    return losses(trained(block, block, **terms), "b")


def by_one(candidate, baseline=STEPS, **terms):
    """The same in one block."""
    return losses(trained({"a": [baseline], "b": [candidate]}, **terms), "b")


ALONE = ", judged from one process of each"


def test_equal_losses_are_the_same_bit_for_bit():
    assert verdict(STEPS) == Losses("same bit for bit", 4, Relation.SAME)
    assert verdict(STEPS[:2]) == Losses("same bit for bit", 2, Relation.SAME)


def test_drift_reports_first_differing_epoch_and_largest_difference():
    nearly = changed(STEPS, 2, 0.25 * (1 + 1e-7))
    assert verdict(nearly) == Losses("drifts from epoch 7 by 1e-07", 4, Relation.DRIFTS)
    both = verdict(changed(nearly, 3, 0.2 * (1 + 3e-6)))
    assert both == Losses("drifts from epoch 7 by 1e-07, up to 3e-06 at epoch 8", 4, Relation.DRIFTS)


def test_drift_without_objective_terms_is_never_a_different_objective():
    assert verdict(changed(STEPS, 0, 3.0)) == Losses("drifts from epoch 0 by 7e-01", 4, Relation.DRIFTS)


def test_compares_epochs_run_in_the_same_order():
    other_order = [STEPS[0], STEPS[1], STEPS[3], STEPS[2]]
    assert verdict(other_order) == Losses("same bit for bit", 2, Relation.SAME)
    assert verdict(changed(other_order, 2, 9.0)) == Losses("same bit for bit", 2, Relation.SAME)
    assert verdict(STEPS[1:]) is None


def test_slices_may_end_at_different_epochs():
    run = trained({"a": [STEPS[:1], STEPS[1:3], STEPS[3:]], "b": [STEPS[:2], changed(STEPS, 3, 0.1)[2:]]})
    assert losses(run, "b") == Losses(f"drifts from epoch 8 by 5e-01{ALONE}", 4, Relation.DRIFTS)


def test_compares_only_losses_reported_by_both():
    more = [(index, own | {"data": 3.0}) for index, own in STEPS]
    assert verdict(more) == Losses("same bit for bit", 4, Relation.SAME)
    assert verdict([(index, {"data": 3.0}) for index, _ in STEPS]) is None
    assert verdict([*more[:2], *[(index, {"data": 3.0}) for index, _ in STEPS[2:]]]) == Losses(
        "same bit for bit", 2, Relation.SAME
    )


def test_two_nonfinite_losses_are_equal_and_one_is_infinitely_different():
    nan = changed(STEPS, 1, None)
    assert verdict(nan, nan) == Losses("same bit for bit", 4, Relation.SAME)
    assert verdict(nan) == Losses("drifts from epoch 1 by inf", 4, Relation.DRIFTS)
    assert verdict(STEPS, nan) == Losses("drifts from epoch 1 by inf", 4, Relation.DRIFTS)


def test_checks_every_block():
    apart = changed(STEPS, 1, 0.4)
    run = trained({"a": [STEPS], "b": [STEPS]}, {"a": [STEPS], "b": [apart[:3]]}, {"a": [STEPS]})
    assert losses(run, "b") == Losses("drifts from epoch 1 by 2e-01", 4, Relation.DRIFTS)
    later = changed(STEPS, 3, 0.1)
    run = trained({"a": [STEPS], "b": [later]}, {"a": [STEPS], "b": [apart]})
    assert losses(run, "b") == Losses("drifts from epoch 1 by 2e-01, up to 5e-01 at epoch 8", 4, Relation.DRIFTS)


def test_arms_of_different_groups_are_not_compared():
    run = trained({"a": [STEPS], "b": []})
    run.add(
        Slice(
            block=0,
            group=1,
            round=0,
            position=0,
            arm="b",
            epochs=[epoch for piece in run.slices for epoch in piece.epochs],
        )
    )
    assert losses(run, "b") is None


def test_no_verdict_for_the_baseline_or_without_a_baseline():
    assert losses(trained({"a": [STEPS], "b": [STEPS]}), "a") is None
    assert losses(trained({"a": [], "b": [STEPS]}), "b") is None


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        ({"data": 1.0, "physics": 0.74}, "physics 0.37x"),
        ({"data": 1.0, "physics": 50.3}, "physics 25x"),
        ({"data": 1.5, "physics": 2.1}, "data 1.5x"),
        ({"data": 1.0003, "physics": 2.0}, "data 1.0003x"),
        ({"data": 1.0, "physics": 0.0}, "physics 0 in place of 2"),
        ({"data": 1.0, "physics": -2.0}, "physics -2 in place of 2"),
        ({"data": 1.0, "physics": None}, "physics not finite"),
    ],
)
def test_different_objective_names_the_term_that_differs_most(candidate, expected):
    terms = {"a": {"data": 1.0, "physics": 2.0}, "b": candidate}
    assert verdict(STEPS, terms=terms) == Losses(f"different objective ({expected})", 4, Relation.OTHER_OBJECTIVE)
    assert losses(trained(terms=terms), "b") == Losses(
        f"different objective ({expected}){ALONE}", 0, Relation.OTHER_OBJECTIVE
    )
    assert by_one(STEPS, terms=terms) == Losses(f"different objective ({expected}){ALONE}", 4, Relation.OTHER_OBJECTIVE)


def test_terms_within_rounding_are_the_same_objective_whatever_the_losses():
    terms = {"a": {"data": 1.0, "physics": 2.0}, "b": {"data": 1.00001, "physics": 1.99999}}
    assert verdict(STEPS, terms=terms) == Losses("same bit for bit", 4, Relation.SAME)
    assert verdict(changed(STEPS, 0, 2.0), terms=terms) == Losses("drifts from epoch 0 by 5e-01", 4, Relation.DRIFTS)


def test_does_not_compare_a_term_missing_on_one_side():
    for candidate in ({"total": 9.0}, {"total": 9.0, "data": 1.0}, {}):
        terms = {"a": {"data": 1.0, "physics": 2.0}, "b": candidate}
        assert verdict(STEPS, terms=terms) == Losses("same bit for bit", 4, Relation.SAME)
    assert verdict(STEPS, terms={"b": {"data": 1.0}}) == Losses("same bit for bit", 4, Relation.SAME)


def test_no_loss_verdict_from_equal_terms_alone():
    assert losses(trained(terms={"a": {"data": 1.0}, "b": {"data": 1.0}}), "b") is None


def test_same_objective_if_terms_match_in_any_block():
    run = trained({"a": [STEPS], "b": [STEPS]}, terms={"a": {"data": 1.0}, "b": {"data": 1.0}})
    run.add(Objective(1, 0, "b", {"data": 5.0}))
    assert losses(run, "b") == Losses("same bit for bit", 4, Relation.SAME)


numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
steps = st.lists(st.tuples(st.integers(0, 3), st.dictionaries(st.sampled_from("xy"), numbers)), max_size=6)


@given(steps, steps, st.dictionaries(st.sampled_from("xy"), numbers), st.dictionaries(st.sampled_from("xy"), numbers))
def test_any_record_gives_a_symmetric_verdict_or_none(candidate, baseline, own, others):
    there = verdict(candidate, baseline, terms={"b": own, "a": others})
    back = verdict(baseline, candidate, terms={"a": own, "b": others})
    assert (there is None) == (back is None)
    if there:
        assert there.epochs == back.epochs <= min(len(candidate), len(baseline))
        assert there.text.split("(")[0] == back.text.split("(")[0]
        assert there.relation == back.relation
    with_losses = len(list(takewhile(lambda step: step[1], candidate)))
    itself = Losses("same bit for bit", with_losses, Relation.SAME) if with_losses else None
    assert verdict(candidate, candidate, terms={"a": own, "b": own}) == itself


def test_compares_largest_and_smallest_floats():
    huge, tiny = 1.7e308, 5e-324
    assert verdict([(0, {"x": huge})], [(0, {"x": -huge})]) == Losses(
        f"drifts from epoch 0 by {inf}", 1, Relation.DRIFTS
    )
    assert verdict([(0, {"x": tiny})], [(0, {"x": huge})]) == Losses("drifts from epoch 0 by 1e+00", 1, Relation.DRIFTS)


# Where the baseline's own processes differ


def unseeded(*values):
    """Blocks in which the baseline and `b` lose these, in epochs 0, 1, ...: a pair of lists a block."""
    steps = [[[(index, {"loss": loss}) for index, loss in enumerate(own)] for own in block] for block in values]
    return losses(trained(*({"a": [baseline], "b": [candidate]} for baseline, candidate in steps)), "b")


def test_reports_no_drift_if_the_baseline_is_not_repeatable():
    found = unseeded(([1.0, 0.5, 0.4], [1.0, 0.6, 0.4]), ([1.0, 0.7, 0.1], [1.0, 0.5, 0.4]))
    expected = "not repeatable here: two processes of a differ from epoch 1 by 3e-01, up to 8e-01 at epoch 2"
    assert found == Losses(expected, 3, Relation.NOT_REPEATABLE)
    assert not found.same
    assert not found.repeatable


def test_reports_drift_far_beyond_the_baselines_own_variation():
    nearly = [1.0, 1 + 1e-7], [1.0, 1 + 2e-7], [1.0, 1 + 3e-7]
    found = unseeded(*((own, [1.1, 1.1]) for own in nearly))
    assert found == Losses("drifts from epoch 0 by 9e-02, far more than two processes of a do", 2, Relation.DRIFTS)
    assert not unseeded(*((own, [1.0, 1 + 1e-6]) for own in nearly)).repeatable
    once = [(nearly[0], [1.1, 1.1]), *((own, own) for own in nearly[1:])]
    assert not unseeded(*once).repeatable, "all of its processes must"


def test_equal_losses_are_equal_even_if_the_baseline_varies_between_blocks():
    assert unseeded(([1.0], [1.0]), ([2.0], [2.0])) == Losses("same bit for bit", 1, Relation.SAME)


def test_drift_after_the_repeated_baseline_epochs_is_marked():
    other_order = [STEPS[0], *STEPS[:0:-1]]
    later = {"a": [STEPS], "b": [changed(STEPS, 2, 0.3)]}
    run = trained(later, {"a": [other_order], "b": [other_order]})
    assert losses(run, "b") == Losses(
        "drifts from epoch 7 by 2e-01; two processes of a agree over only 1 epoch", 4, Relation.DRIFTS
    )


def stating(candidate, baseline):
    """The verdict on arms that report these values of a term, one per block."""
    run = trained({"a": [], "b": []})
    for arm, values in (("a", baseline), ("b", candidate)):
        for block, value in enumerate(values):
            run.add(Objective(block, 0, arm, {"data": 1.0, "bc": value}))
    found = losses(run, "b")
    return found.text if found else None


def test_different_objective_requires_a_repeatable_baseline():
    assert stating([0.03, 0.03], [1.0, 1.0]) == "different objective (bc 0.03x)"
    assert stating([0.03], [1.0]) == "different objective (bc 0.03x), judged from one process of each"
    assert stating([0.03, 0.5], [1.0, 0.029]) == "not repeatable here: two processes of a differ in bc (0.029x)"
    assert stating([0.03, 0.5], [1.0, 1.0]) == "not repeatable here: two processes of b differ in bc (17x)"
    assert stating([1.0, 1.0], [1.0, 0.5]) is None
    far = "different objective (bc 0.5x), far more than two processes of a do"
    assert stating([0.5, 0.5], [1.0, 1.001]) == far


def test_identical_programs_are_rarely_called_different():
    """Identical programs with different rounding, from a random epoch on and growing at a random rate per process."""
    random = np.random.default_rng(3)

    def process():
        onset, pace = random.integers(0, 20), random.uniform(0.1, 0.3)
        sizes = 1e-7 * np.exp(pace * np.maximum(np.arange(60) - onset, 0) + random.normal(size=60))
        return list(1 + np.where(np.arange(60) < onset, 0, np.minimum(sizes, 1)) * random.choice([-1, 0.5]))

    runs = [unseeded(*((process(), process()) for _ in range(blocks))) for blocks in (2, 3, 5) for _ in range(40)]
    assert sum(found.repeatable for found in runs) <= 6
