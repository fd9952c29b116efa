"""Every built-in variant, on one page. Importing it loads no TensorFlow: that happens when a variant is built."""

from dataclasses import asdict, replace
from functools import partial
from typing import Any

from harness import Collection, Trainer, Variant
from variants.breakage.cases import CASES
from variants.breakage.metrics import MEASURED, METRICS
from variants.breakage.recipe import Recipe
from variants.breakage.scales import SCALES

ORIGINAL = Recipe(
    statistic="median",
    scaling="adaptive_huber",
    nodes="fine",
    quadrature="next_node",
    evaluation="whole",
    refinement="unbounded",
    batch="full",
    weights="every_epoch",
    progression="published",
    physics="always",
    rate="constant",
    clock="log",
    start="learned",
    compiler="graph",
)
MOMENTS = replace(ORIGINAL, statistic="mean")
BATCHED = replace(ORIGINAL, evaluation="chunked")
CAPPED_RAR = replace(ORIGINAL, refinement="capped")
CACHED_WEIGHTS = replace(ORIGINAL, weights="cached")
SURGICAL = replace(ORIGINAL, statistic="mean", evaluation="chunked", refinement="capped", weights="cached")
COARSE_GRID = replace(ORIGINAL, nodes="coarse")
SOUND_RAR = replace(ORIGINAL, refinement="sound")
R3 = replace(ORIGINAL, refinement="r3")
RECOMPUTE = replace(BATCHED, evaluation="recomputed")
LAZY_PHYSICS = replace(ORIGINAL, physics="lazy")
SHARED_TIMES = replace(ORIGINAL, nodes="coarse", quadrature="four_point", evaluation="shared_times", refinement="none")
FAST = replace(SHARED_TIMES, physics="lazy", rate="cosine", compiler="xla")
TUNED = replace(
    FAST,
    scaling="mass",
    progression="from_start",
    clock="log1p",
    start="exact",
    rate="cosine_from_1e-3",
    batch="half",
)


def build(recipe: Recipe, *, case: str, scale: str, seed: int, epochs: int | None = None, **choices: Any) -> Trainer:
    """A trainer that follows `recipe`, with any of its fields replaced by `choices`, for the scale's epochs or others.

    Raises KeyError if there is no such case or scale, TypeError if no such field, ValueError if no such choice.
    """
    from variants.breakage.pinn import BreakagePinn

    size = SCALES[scale] if epochs is None else replace(SCALES[scale], epochs=epochs)
    return BreakagePinn(replace(recipe, **choices), CASES[case], size, seed)


def solve_classically(*, case: str) -> Trainer:
    """The fixed-pivot method on one case, for its own five resolutions. Raises KeyError if there is no such case."""
    from variants.breakage.fixed_pivot import FixedPivot

    return FixedPivot(CASES[case])


def _variant(name: str, recipe: Recipe, summary: str) -> Variant:
    return Variant(
        name=name,
        summary=summary,
        build=partial(build, recipe),
        baseline=None if recipe is ORIGINAL else "original",
        cases=tuple(CASES),
        scales=tuple(SCALES),
        metrics=METRICS,
        epochs={scale.name: scale.steady_epochs for scale in SCALES.values()},
        settings=asdict(recipe),
    )


collection = Collection(
    variants=(
        _variant("original", ORIGINAL, "weights by percentile, residuals of the whole batch, RAR that grows for good"),
        _variant("moments", MOMENTS, "weights by the mean (tf.nn.moments) in place of the median"),
        _variant("batched", BATCHED, "residuals in chunks, in a tf.while_loop"),
        _variant("capped-rar", CAPPED_RAR, "RAR on a sample, half as often, points limited, pool cut at random"),
        _variant("cached-weights", CACHED_WEIGHTS, "loss weights computed now and then, and kept meanwhile"),
        _variant("surgical", SURGICAL, "those four together: what the fix recommends"),
        _variant("coarse-grid", COARSE_GRID, "41 nodes in place of 500: the change that nobody credited"),
        _variant("sound-rar", SOUND_RAR, "RAR into slots of the batch: highest residuals in, lowest out, no retrace"),
        _variant("r3", R3, "R3: keep the points above the mean residual, draw the others anew"),
        _variant("recompute", RECOMPUTE, "batched, with the birth term recomputed in the backward pass"),
        _variant("lazy-physics", LAZY_PHYSICS, "no physics loss while its weight is 0"),
        _variant(
            "shared-times",
            SHARED_TIMES,
            "points on a grid that serves the birth integral too, by a 4-point rule; no RAR",
        ),
        _variant("fast", FAST, "shared-times, lazy, under XLA, with a falling learning rate; the original's losses"),
        _variant(
            "tuned",
            TUNED,
            "fast on half the points, from an exact start, physics from the beginning and weighed by mass",
        ),
        Variant(
            name="fixed-pivot",
            summary="no network: the classical sectional method, with twice the bins in each epoch",
            build=solve_classically,
            cases=tuple(CASES),
            metrics=MEASURED,
        ),
    ),
    compared=("original", "moments", "batched", "capped-rar", "surgical", "coarse-grid", "fast"),
    references=("fixed-pivot",),
    case="case1",
    scale="laptop",
    small_scale="smoke",
    preload=("tensorflow", "tensorflow_probability"),
)
