"""Every built-in variant, on one page. Importing it loads no TensorFlow: that happens when a variant is built."""

from dataclasses import replace
from functools import partial
from typing import Any

from harness import Collection, Trainer, Variant
from variants.breakage.cases import CASES
from variants.breakage.recipe import Recipe
from variants.breakage.scales import SCALES

ORIGINAL = Recipe(
    statistic="median",
    scaling="adaptive_huber",
    evaluation="whole",
    refinement="unbounded",
)
MOMENTS = replace(ORIGINAL, statistic="mean")
BATCHED = replace(ORIGINAL, evaluation="chunked")
CAPPED_RAR = replace(ORIGINAL, refinement="capped")


def build(recipe: Recipe, *, case: str, scale: str, seed: int, **choices: Any) -> Trainer:
    """A trainer that follows `recipe`, with any of its fields replaced by `choices`.

    Raises KeyError if there is no such case or scale, TypeError if no such field, ValueError if no such choice.
    """
    from variants.breakage.pinn import BreakagePinn

    return BreakagePinn(replace(recipe, **choices), CASES[case], SCALES[scale], seed)


def _variant(name: str, recipe: Recipe, summary: str) -> Variant:
    return Variant(
        name=name,
        summary=summary,
        build=partial(build, recipe),
        baseline=None if recipe is ORIGINAL else "original",
        cases=tuple(CASES),
        scales=tuple(SCALES),
        metrics=("misplaced_mass", "misplaced_mass_mean", "relative_l2"),
        epochs={scale.name: scale.steady_epochs for scale in SCALES.values()},
    )


collection = Collection(
    variants=(
        _variant("original", ORIGINAL, "weights by percentile, residuals of the whole batch, RAR that grows for good"),
        _variant("moments", MOMENTS, "weights by the mean (tf.nn.moments) in place of the median"),
        _variant("batched", BATCHED, "residuals in chunks, in a tf.while_loop"),
        _variant("capped-rar", CAPPED_RAR, "RAR on a sample, half as often, points limited, pool cut at random"),
    ),
    compared=("original", "moments", "batched", "capped-rar"),
)
