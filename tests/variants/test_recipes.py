import subprocess
import sys
from dataclasses import fields

import pytest

from variants import recipes
from variants.breakage.cases import CASES
from variants.breakage.scales import SCALES

VARIANTS = {variant.name: variant for variant in recipes.collection.variants}


def test_the_page_is_light():
    code = "import sys, variants.recipes; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "variants.recipes" in loaded
    assert not {"tensorflow", "tensorflow_probability", "keras", "pandas", "scipy", "numpy"} & set(loaded)


@pytest.mark.parametrize(
    ("recipe", "change"),
    [
        (recipes.MOMENTS, {"statistic": ("median", "mean")}),
        (recipes.BATCHED, {"evaluation": ("whole", "chunked")}),
        (recipes.CAPPED_RAR, {"refinement": ("unbounded", "capped")}),
    ],
)
def test_each_recipe_is_one_change_to_the_original(recipe, change):
    pairs = {
        field.name: (getattr(recipes.ORIGINAL, field.name), getattr(recipe, field.name)) for field in fields(recipe)
    }
    assert {name: pair for name, pair in pairs.items() if pair[0] != pair[1]} == change


def test_the_collection_describes_its_variants():
    assert list(VARIANTS) == ["original", "moments", "batched", "capped-rar"]
    assert recipes.collection.compared == tuple(VARIANTS)
    assert [variant.baseline for variant in VARIANTS.values()] == [None, "original", "original", "original"]
    for variant in VARIANTS.values():
        assert variant.summary
        assert variant.cases == tuple(CASES) == ("case1", "case2")
        assert variant.scales == tuple(variant.epochs) == tuple(SCALES) == ("smoke", "laptop", "paper")


def test_a_choice_can_be_replaced_when_building():
    trainer = VARIANTS["original"].build(case="case2", scale="smoke", seed=3, scaling="mse")
    assert (trainer.scaling, trainer.case.name, trainer.scale.name, trainer.seed) == ("mse", "case2", "smoke", 3)


def test_a_choice_that_does_not_exist_is_refused_with_the_ones_that_do():
    with pytest.raises(ValueError, match="scaling='huber'; choose one of adaptive_huber, adaptive_epsilon, mse"):
        VARIANTS["original"].build(case="case1", scale="smoke", seed=0, scaling="huber")
    with pytest.raises(TypeError, match="scalling"):
        VARIANTS["original"].build(case="case1", scale="smoke", seed=0, scalling="mse")


@pytest.mark.parametrize("unknown", [{"case": "case9"}, {"scale": "huge"}])
def test_an_unknown_case_or_scale_is_refused(unknown):
    with pytest.raises(KeyError, match=next(iter(unknown.values()))):
        VARIANTS["original"].build(**{"case": "case1", "scale": "smoke", "seed": 0} | unknown)
