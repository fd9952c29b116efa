from itertools import takewhile
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated import trained

from harness.analysis.comparison.lags import Lag
from harness.analysis.comparison.losses import Divergence, Relation, Term, losses
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


def same(found, epochs):
    return (found.relation, found.epochs, found.divergence) == (Relation.SAME, epochs, None)


def drift(found):
    """Of losses that drift: the first epoch in which they differ and by how much, and the same for the largest
    difference."""
    assert (found.relation, found.term) == (Relation.DRIFTS, None)
    apart = found.divergence
    return (apart.index, apart.at_first, apart.largest_in, apart.largest)


def near(*expected):
    """What `drift` returns, to rounding; the largest difference is the first one unless it is given."""
    index, at_first, largest_in, largest = expected if len(expected) == 4 else expected * 2
    return (index, pytest.approx(at_first, rel=0.1), largest_in, pytest.approx(largest, rel=0.1))


def other_objective(found):
    """Of a different objective: the term, its value and the baseline's."""
    assert found.relation == Relation.OTHER_OBJECTIVE
    return (found.term.name, found.term.value, found.term.baseline)


def test_equal_losses_are_the_same_bit_for_bit():
    assert same(verdict(STEPS), 4)
    assert same(verdict(STEPS[:2]), 2)


def test_drift_reports_first_differing_epoch_and_largest_difference():
    nearly = changed(STEPS, 2, 0.25 * (1 + 1e-7))
    assert drift(verdict(nearly)) == near(7, 1e-7)
    assert verdict(nearly).epochs == 4
    both = verdict(changed(nearly, 3, 0.2 * (1 + 3e-6)))
    assert drift(both) == near(7, 1e-7, 8, 3e-6)
    assert both.at_first == both.divergence.at_first


def test_drift_without_objective_terms_is_never_a_different_objective():
    assert drift(verdict(changed(STEPS, 0, 3.0))) == near(0, 2 / 3)


def test_compares_epochs_run_in_the_same_order():
    other_order = [STEPS[0], STEPS[1], STEPS[3], STEPS[2]]
    assert same(verdict(other_order), 2)
    assert same(verdict(changed(other_order, 2, 9.0)), 2)
    assert verdict(STEPS[1:]) is None


def test_slices_may_end_at_different_epochs():
    run = trained({"a": [STEPS[:1], STEPS[1:3], STEPS[3:]], "b": [STEPS[:2], changed(STEPS, 3, 0.1)[2:]]})
    found = losses(run, "b")
    assert (drift(found), found.epochs, found.alone) == (near(8, 0.5), 4, True)


def test_compares_only_losses_reported_by_both():
    more = [(index, own | {"data": 3.0}) for index, own in STEPS]
    assert same(verdict(more), 4)
    assert verdict([(index, {"data": 3.0}) for index, _ in STEPS]) is None
    assert same(verdict([*more[:2], *[(index, {"data": 3.0}) for index, _ in STEPS[2:]]]), 2)


def test_two_nonfinite_losses_are_equal_and_one_is_infinitely_different():
    nan = changed(STEPS, 1, None)
    assert same(verdict(nan, nan), 4)
    assert drift(verdict(nan)) == (1, inf, 1, inf)
    assert drift(verdict(STEPS, nan)) == (1, inf, 1, inf)


def test_checks_every_block():
    apart = changed(STEPS, 1, 0.4)
    run = trained({"a": [STEPS], "b": [STEPS]}, {"a": [STEPS], "b": [apart[:3]]}, {"a": [STEPS]})
    assert drift(losses(run, "b")) == near(1, 0.2)
    later = changed(STEPS, 3, 0.1)
    run = trained({"a": [STEPS], "b": [later]}, {"a": [STEPS], "b": [apart]})
    assert drift(losses(run, "b")) == near(1, 0.2, 8, 0.5)


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
    ("candidate", "name"),
    [
        ({"data": 1.0, "physics": 0.74}, "physics"),
        ({"data": 1.5, "physics": 2.1}, "data"),
        ({"data": 1.0003, "physics": 2.0}, "data"),
        ({"data": 1.0, "physics": 0.0}, "physics"),
        ({"data": 1.0, "physics": -2.0}, "physics"),
        ({"data": 1.0, "physics": None}, "physics"),
    ],
)
def test_different_objective_names_the_term_that_differs_most(candidate, name):
    terms = {"a": {"data": 1.0, "physics": 2.0}, "b": candidate}
    expected = (name, candidate[name], terms["a"][name])
    twice, without_losses, once = (
        verdict(STEPS, terms=terms),
        losses(trained(terms=terms), "b"),
        by_one(STEPS, terms=terms),
    )
    assert [other_objective(found) for found in (twice, without_losses, once)] == [expected] * 3
    assert [found.alone for found in (twice, without_losses, once)] == [False, True, True]
    assert [found.epochs for found in (twice, without_losses, once)] == [4, 0, 4]


def test_terms_within_rounding_are_the_same_objective_whatever_the_losses():
    terms = {"a": {"data": 1.0, "physics": 2.0}, "b": {"data": 1.00001, "physics": 1.99999}}
    assert same(verdict(STEPS, terms=terms), 4)
    assert drift(verdict(changed(STEPS, 0, 2.0), terms=terms)) == near(0, 0.5)


def test_does_not_compare_a_term_missing_on_one_side():
    for candidate in ({"total": 9.0}, {"total": 9.0, "data": 1.0}, {}):
        terms = {"a": {"data": 1.0, "physics": 2.0}, "b": candidate}
        assert same(verdict(STEPS, terms=terms), 4)
    assert same(verdict(STEPS, terms={"b": {"data": 1.0}}), 4)


def test_no_loss_verdict_from_equal_terms_alone():
    assert losses(trained(terms={"a": {"data": 1.0}, "b": {"data": 1.0}}), "b") is None


def test_same_objective_if_terms_match_in_any_block():
    run = trained({"a": [STEPS], "b": [STEPS]}, terms={"a": {"data": 1.0}, "b": {"data": 1.0}})
    run.add(Objective(1, 0, "b", {"data": 5.0}))
    assert same(losses(run, "b"), 4)


numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
steps = st.lists(st.tuples(st.integers(0, 3), st.dictionaries(st.sampled_from("xy"), numbers)), max_size=6)


@given(steps, steps, st.dictionaries(st.sampled_from("xy"), numbers), st.dictionaries(st.sampled_from("xy"), numbers))
def test_any_record_gives_a_symmetric_verdict_or_none(candidate, baseline, own, others):
    there = verdict(candidate, baseline, terms={"b": own, "a": others})
    back = verdict(baseline, candidate, terms={"a": own, "b": others})
    assert (there is None) == (back is None)
    if there:
        assert there.epochs == back.epochs <= min(len(candidate), len(baseline))
        assert there.relation == back.relation
        assert there.divergence == back.divergence
    with_losses = len(list(takewhile(lambda step: step[1], candidate)))
    itself = verdict(candidate, candidate, terms={"a": own, "b": own})
    assert same(itself, with_losses) if with_losses else itself is None


def test_compares_largest_and_smallest_floats():
    huge, tiny = 1.7e308, 5e-324
    assert drift(verdict([(0, {"x": huge})], [(0, {"x": -huge})])) == (0, 2.0, 0, 2.0)
    assert drift(verdict([(0, {"x": tiny})], [(0, {"x": huge})])) == near(0, 1.0)


# Where the baseline's own processes differ


def unseeded(*values):
    """Blocks in which the baseline and `b` lose these, in epochs 0, 1, ...: a pair of lists a block."""
    steps = [[[(index, {"loss": loss}) for index, loss in enumerate(own)] for own in block] for block in values]
    return losses(trained(*({"a": [baseline], "b": [candidate]} for baseline, candidate in steps)), "b")


def test_reports_no_drift_if_the_baseline_is_not_repeatable():
    found = unseeded(([1.0, 0.5, 0.4], [1.0, 0.6, 0.4]), ([1.0, 0.7, 0.1], [1.0, 0.5, 0.4]))
    assert (found.relation, found.epochs, found.varying) == (Relation.NOT_REPEATABLE, 3, "a")
    own = found.own_divergence
    assert own == Divergence(1, 1, pytest.approx(2 / 7), pytest.approx(0.75), 2)
    assert not found.same
    assert not found.repeatable


def test_reports_drift_far_beyond_the_baselines_own_variation():
    nearly = [1.0, 1 + 1e-7], [1.0, 1 + 2e-7], [1.0, 1 + 3e-7]
    found = unseeded(*((own, [1.1, 1.1]) for own in nearly))
    assert (drift(found), found.varying) == (near(0, 0.09), "a")
    assert not unseeded(*((own, [1.0, 1 + 1e-6]) for own in nearly)).repeatable
    once = [(nearly[0], [1.1, 1.1]), *((own, own) for own in nearly[1:])]
    assert not unseeded(*once).repeatable, "all of its processes must"


def test_equal_losses_are_equal_even_if_the_baseline_varies_between_blocks():
    assert same(unseeded(([1.0], [1.0]), ([2.0], [2.0])), 1)


def test_drift_after_the_repeated_baseline_epochs_is_marked():
    other_order = [STEPS[0], *STEPS[:0:-1]]
    later = {"a": [STEPS], "b": [changed(STEPS, 2, 0.3)]}
    run = trained(later, {"a": [other_order], "b": [other_order]})
    found = losses(run, "b")
    assert (drift(found), found.agreed, found.alone) == (near(7, 1 / 6), 1, False)


def stating(candidate, baseline):
    """The verdict on arms that report these values of a term, one per block."""
    run = trained({"a": [], "b": []})
    for arm, values in (("a", baseline), ("b", candidate)):
        for block, value in enumerate(values):
            run.add(Objective(block, 0, arm, {"data": 1.0, "bc": value}))
    return losses(run, "b")


def test_different_objective_requires_a_repeatable_baseline():
    assert other_objective(stating([0.03, 0.03], [1.0, 1.0])) == ("bc", 0.03, 1.0)
    assert not stating([0.03, 0.03], [1.0, 1.0]).alone
    assert stating([0.03], [1.0]).alone
    assert stating([1.0, 1.0], [1.0, 0.5]) is None
    far = stating([0.5, 0.5], [1.0, 1.001])
    assert (other_objective(far), far.varying) == (("bc", 0.5, 1.0), "a")


@pytest.mark.parametrize(
    ("candidate", "baseline", "varying", "term"),
    [
        ([0.03, 0.5], [1.0, 0.029], "a", Term("bc", 0.029, 1.0)),
        ([0.03, 0.5], [1.0, 1.0], "b", Term("bc", 0.5, 0.03)),
    ],
)
def test_terms_that_vary_between_processes_are_not_repeatable(candidate, baseline, varying, term):
    found = stating(candidate, baseline)
    assert (found.relation, found.varying, found.term) == (Relation.NOT_REPEATABLE, varying, term)


def test_identical_programs_are_rarely_called_different():
    """Identical programs with different rounding, from a random epoch on and growing at a random rate per process."""
    random = np.random.default_rng(3)

    def process():
        onset, pace = random.integers(0, 20), random.uniform(0.1, 0.3)
        sizes = 1e-7 * np.exp(pace * np.maximum(np.arange(60) - onset, 0) + random.normal(size=60))
        return list(1 + np.where(np.arange(60) < onset, 0, np.minimum(sizes, 1)) * random.choice([-1, 0.5]))

    runs = [unseeded(*((process(), process()) for _ in range(blocks))) for blocks in (2, 3, 5) for _ in range(40)]
    assert sum(found.repeatable for found in runs) <= 6


def test_the_same_losses_that_are_not_finite_are_compared_where_they_are():
    steps = [(index, {"loss": 1.0 / (1 + index) if index < 10 else None, "bc": 1.0}) for index in range(40)]
    assert (verdict(steps, steps).relation, verdict(steps, steps).finite) == (Relation.SAME, 10)
    assert verdict(STEPS).finite is None


CURVE = [(index, {"loss": 0.9**index, "pde": 0.8**index}) for index in range(20)]
LATER = [(0, {"loss": 2.0, "pde": 2.0}), *((index + 1, own) for index, own in CURVE[:-1])]


def test_losses_that_one_arm_reports_an_epoch_later_are_the_same():
    found = verdict(LATER, CURVE)
    assert (found.relation, found.lag) == (Relation.DRIFTS, Lag(1, 0.0))
    assert verdict(CURVE, LATER).lag == Lag(-1, 0.0)
    assert by_one(LATER, CURVE).lag == Lag(1, 0.0)


def test_an_epoch_later_to_rounding():
    near = [(index, {name: value * (1 + 1e-6) for name, value in own.items()}) for index, own in LATER]
    assert verdict(near, CURVE).lag == Lag(1, pytest.approx(1e-6, rel=0.1))


@pytest.mark.parametrize(
    "other",
    [
        [(index, {name: 1.5 * value for name, value in own.items()}) for index, own in CURVE],
        [(index, {name: value * (1 + 1e-6) for name, value in own.items()}) for index, own in CURVE],
        [(index, {name: value + 1e-3 * (index % 3) for name, value in own.items()}) for index, own in LATER],
        [(2 * index, own) for index, own in LATER],
        LATER[:2],
    ],
    ids=["weighted", "rounding", "another", "not consecutive", "too few"],
)
def test_other_losses_are_no_lag(other):
    base = [(2 * index, own) for index, own in CURVE] if other[1][0] == 2 else CURVE
    assert verdict(other, base).lag is None


def test_a_loss_that_hardly_changes_is_no_lag():
    still = [(index, {"loss": 1.0 + 1e-9 * index}) for index in range(20)]
    assert verdict([(index, {"loss": own["loss"] + 1e-9}) for index, own in still], still).lag is None
