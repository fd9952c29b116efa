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


def changes(recipe, baseline=recipes.ORIGINAL):
    """The fields in which a recipe differs, with what they are."""
    return {
        field.name: getattr(recipe, field.name)
        for field in fields(recipe)
        if getattr(recipe, field.name) != getattr(baseline, field.name)
    }


def test_each_recipe_makes_the_change_in_its_name():
    assert changes(recipes.MOMENTS) == {"statistic": "mean"}
    assert changes(recipes.BATCHED) == {"evaluation": "chunked"}
    assert changes(recipes.CAPPED_RAR) == {"refinement": "capped"}
    assert changes(recipes.CACHED_WEIGHTS) == {"weights": "cached"}
    assert changes(recipes.COARSE_GRID) == {"nodes": "coarse"}
    assert changes(recipes.SOUND_RAR) == {"refinement": "sound"}
    assert changes(recipes.R3) == {"refinement": "r3"}
    assert changes(recipes.LAZY_PHYSICS) == {"physics": "lazy"}
    assert changes(recipes.RECOMPUTE, recipes.BATCHED) == {"evaluation": "recomputed"}


def test_surgical_is_the_four_fixes_together():
    fixes = recipes.MOMENTS, recipes.BATCHED, recipes.CAPPED_RAR, recipes.CACHED_WEIGHTS
    assert changes(recipes.SURGICAL) == {name: value for fix in fixes for name, value in changes(fix).items()}


def test_fast_keeps_the_losses_of_the_original_and_tuned_does_not():
    assert not {"statistic", "scaling", "clock", "start", "batch", "progression"} & changes(recipes.FAST).keys()
    assert "scaling" in changes(recipes.TUNED)


def test_the_collection_describes_its_variants():
    compared = ("original", "moments", "batched", "capped-rar", "surgical", "coarse-grid", "fast")
    assert recipes.collection.compared == compared
    trained = {name: variant for name, variant in VARIANTS.items() if name not in recipes.collection.references}
    assert set(compared) < set(trained)
    assert len(trained) == 14
    assert [name for name, variant in trained.items() if variant.baseline is None] == ["original"]
    for variant in trained.values():
        assert variant.summary
        assert variant.cases == tuple(CASES) == ("case1", "case2", "case3", "case4")
        assert variant.scales == tuple(variant.epochs) == tuple(SCALES) == ("smoke", "laptop", "paper")


def test_a_choice_can_be_replaced_when_building():
    trainer = VARIANTS["original"].build(case="case2", scale="smoke", seed=3, scaling="mse")
    assert (trainer.recipe.scaling, trainer.case.name, trainer.scale.name, trainer.seed) == ("mse", "case2", "smoke", 3)


def test_rejects_an_unknown_choice_and_lists_valid_ones():
    with pytest.raises(ValueError, match="scaling='huber'; choose one of adaptive_huber, adaptive_epsilon, mse"):
        VARIANTS["original"].build(case="case1", scale="smoke", seed=0, scaling="huber")
    with pytest.raises(TypeError, match="scalling"):
        VARIANTS["original"].build(case="case1", scale="smoke", seed=0, scalling="mse")


@pytest.mark.parametrize("unknown", [{"case": "case9"}, {"scale": "huge"}])
def test_rejects_an_unknown_case_or_scale(unknown):
    with pytest.raises(KeyError, match=next(iter(unknown.values()))):
        VARIANTS["original"].build(**{"case": "case1", "scale": "smoke", "seed": 0} | unknown)
