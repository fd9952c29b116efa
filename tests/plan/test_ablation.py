"""Plans of the changes between two variants."""

import pytest
from paths import CHANGED

from harness.catalog.registry import registered
from harness.errors import BadInput
from harness.plan.ablation import ablate
from harness.plan.request import Request


def of(name):
    return f"{CHANGED}:{name}"


def between(start, goal, **options):
    return ablate(Request(start=start, goal=goal, **options))


def test_changes_between_recipes_are_their_differing_fields():
    plan = between("original", "surgical", scale="smoke")
    assert [f"{change.name}: {change.text}" for change in plan.ablation.changes] == [
        "statistic: median -> mean",
        "evaluation: whole -> chunked",
        "refinement: unbounded -> capped",
        "weights: every_epoch -> cached",
    ]
    assert (plan.command, plan.baseline, plan.fewest, plan.blocks) == ("ablate", "original", 3, 6)
    assert not plan.adapts, "each block has its orders"
    assert len(plan.arms) == 16
    assert {arm.variant for arm in plan.arms} == {"original"}
    settings = {arm.label: arm.settings for arm in plan.arms}
    assert settings["original"] == {}
    assert settings["moments"] == {"statistic": "mean"}
    assert settings["+evaluation +weights"] == {"evaluation": "chunked", "weights": "cached"}
    assert settings["surgical -weights"] == {"statistic": "mean", "evaluation": "chunked", "refinement": "capped"}
    assert set(settings["surgical"]) == {"statistic", "evaluation", "refinement", "weights"}


def test_every_pair_of_different_recipes_has_a_plan():
    trained = [name for name in registered().variants if name != "fixed-pivot"]
    for start in trained:
        for goal in trained:
            if start != goal:
                plan = between(start, goal)
                assert plan.ablation.cells[start] == ()
                assert plan.ablation.cells[goal] == plan.ablation.names
                assert len({arm.label for arm in plan.arms}) == len(plan.arms) == len(plan.ablation.cells)


def test_many_changes_use_orders_and_more_blocks():
    plan = between("original", "fast", scale="smoke")
    assert len(plan.ablation.orders) == plan.blocks == 8
    assert plan.fewest == 6
    assert all(len(plan.labels(block)) == 14 for block in range(8))
    assert between("original", "fast", scale="smoke", blocks=2).ablation.orders == plan.ablation.orders[:2]
    assert between("original", "fast", scale="smoke", seed=1).ablation.orders != plan.ablation.orders


@pytest.mark.parametrize(("scale", "epochs"), [("smoke", 300), ("laptop", 24), ("paper", 12)])
def test_a_cell_runs_at_most_the_epochs_of_a_compared_arm(scale, epochs):
    assert between("original", "surgical", scale=scale).epochs == epochs
    assert between("original", "surgical", scale=scale, epochs=77).epochs == 77


def test_a_users_variant_goes_from_no_changes_to_all():
    plan = between(None, of("overlapping"))
    assert {arm.label: arm.settings["changes"] for arm in plan.arms} == {
        "unchanged": [],
        "+quick": ["quick"],
        "+lean": ["lean"],
        "+idle": ["idle"],
        "overlapping -idle": ["quick", "lean"],
        "overlapping -lean": ["quick", "idle"],
        "overlapping -quick": ["lean", "idle"],
        "overlapping": ["quick", "lean", "idle"],
    }


def test_a_variant_may_have_the_name_of_the_unchanged_cell(tmp_path):
    (tmp_path / "own.py").write_text("unchanged = Variant('unchanged', 'text', build, changes={'quick': 'it is'})\n")
    assert [arm.label for arm in between(None, f"{tmp_path / 'own.py'}:unchanged").arms] == [
        "without changes",
        "unchanged",
    ]


def test_two_user_variants_differ_in_their_settings():
    plan = between(of("before"), of("after"))
    assert {arm.label: arm.settings for arm in plan.arms} == {
        "before": {},
        "+steps": {"steps": 5},
        "+fast": {"fast": True},
        "after": {"steps": 5, "fast": True},
    }
    assert [change.text for change in plan.ablation.changes] == ["10 -> 5", "False -> True"]


@pytest.mark.parametrize(
    ("start", "goal", "message"),
    [
        ("original", None, "--to must name a variant"),
        ("original", "surgicle", "did you mean 'surgical'"),
        ("original", "original", "there is no change to ablate"),
        ("original", "fixed-pivot", "only one of them has the setting"),
        (None, "fast", "declares no changes of its own: give the variant"),
        ("original", of("overlapping"), "declares its own changes: leave out --from"),
        ("original", of("after"), "only one of them has the setting"),
        (of("before"), of("elsewhere"), "they are built by different functions"),
        (of("before"), of("lacking"), "only one of them has the setting 'fast'"),
        (of("before"), of("exotic"), "computes its settings"),
        (None, of("many"), "computes its changes"),
        (of("silent"), of("Timed"), "declare no settings"),
        (of("before"), of("befor"), "did you mean 'before'"),
    ],
)
def test_ablation_errors_are_one_sentence(start, goal, message):
    with pytest.raises(BadInput, match=message):
        between(start, goal)
