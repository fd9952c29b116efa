"""All built-in variants. Importing this does not load TensorFlow, which happens when a variant is built."""

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
    """Build a trainer for `recipe`, with fields replaced by `choices`. `epochs` overrides the epochs of the scale.

    Raises KeyError for an unknown case or scale, TypeError for an unknown field, and ValueError for an invalid choice.
    """
    from variants.breakage.pinn import BreakagePinn

    size = SCALES[scale] if epochs is None else replace(SCALES[scale], epochs=epochs)
    return BreakagePinn(replace(recipe, **choices), CASES[case], size, seed)


def solve_classically(*, case: str) -> Trainer:
    """Build the fixed-pivot method for one case, with its five resolutions. Raises KeyError for an unknown case."""
    from variants.breakage.fixed_pivot import FixedPivot

    return FixedPivot(CASES[case])


def _make_variant(name: str, recipe: Recipe, summary: str) -> Variant:
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
        _make_variant(
            "original", ORIGINAL, "weights by percentile, residuals of the whole batch, RAR that grows permanently"
        ),
        _make_variant("moments", MOMENTS, "weights by the mean (tf.nn.moments) instead of the median"),
        _make_variant("batched", BATCHED, "residuals in chunks, in a tf.while_loop"),
        _make_variant(
            "capped-rar", CAPPED_RAR, "RAR on a sample, half as often, new points limited, pool cut at random"
        ),
        _make_variant("cached-weights", CACHED_WEIGHTS, "loss weights computed at intervals and cached"),
        _make_variant("surgical", SURGICAL, "these four combined, as the fix recommends"),
        _make_variant("coarse-grid", COARSE_GRID, "41 nodes instead of 500, a change that the notes never mention"),
        _make_variant("sound-rar", SOUND_RAR, "RAR into fixed slots: highest residuals replace lowest, no retracing"),
        _make_variant("r3", R3, "R3: keep points above the mean residual, redraw the others"),
        _make_variant("recompute", RECOMPUTE, "batched, with the birth term recomputed in the backward pass"),
        _make_variant("lazy-physics", LAZY_PHYSICS, "no physics loss while its weight is 0"),
        _make_variant(
            "shared-times",
            SHARED_TIMES,
            "points on a grid that also serves the birth integral, by a 4-point rule; no RAR",
        ),
        _make_variant(
            "fast", FAST, "shared-times and lazy under XLA, with a decaying learning rate; the original losses"
        ),
        _make_variant(
            "tuned",
            TUNED,
            "fast with half the points, an exact start, and mass-weighted physics from the start",
        ),
        Variant(
            name="fixed-pivot",
            summary="no network: the classical fixed-pivot method, twice the bins in each epoch",
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
    requires=("tensorflow", "tensorflow_probability", "tf_keras"),
    install="pip install 'pinn-harness[breakage]'",
)
