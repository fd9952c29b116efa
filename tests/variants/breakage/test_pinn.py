import subprocess
import sys

import numpy as np
import pytest

from variants.breakage.scales import SMOKE
from variants.recipes import collection

NAMES = [variant.name for variant in collection.variants]
CASES = collection.variants[0].cases


def losses(trainer, indices):
    return [tuple(trainer.epoch(index).values()) for index in indices]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_epoch_is_finite(build, name, case):
    trainer = build(name, case)
    indices = [0, 40, 41, 89, 90, 150, 209, 210, 280, 299]
    assert np.isfinite(losses(trainer, indices)).all()
    assert {trainer.kind(index) for index in indices} == {"data", "ramp", "full", "refine"}
    quality = trainer.evaluate()
    assert tuple(quality) == collection.variants[0].metrics
    assert np.isfinite(list(quality.values())).all()


def test_training_learns_the_data_and_the_equation(build):
    trainer = build("moments")
    trainer.refiner.due = lambda index: False  # tracing its every growth would take most of the time
    before = trainer.evaluate()
    epochs = [trainer.epoch(index) for index in range(trainer.epochs)]
    for part, factor in (("data", 0.7), ("physics", 0.01)):
        first, last = (np.mean([losses[part] for losses in some]) for some in (epochs[:10], epochs[-10:]))
        assert last < factor * first
    after = trainer.evaluate()
    assert after["misplaced_mass_mean"] < before["misplaced_mass_mean"] / 10


def test_the_total_is_the_weighted_sum_and_physics_is_computed_at_weight_zero(build):
    trainer = build("capped-rar")
    data, ramp = trainer.epoch(0), trainer.epoch(150)
    assert data["physics"] > 0
    assert data["loss"] == data["data"]
    assert ramp["loss"] == pytest.approx(ramp["data"] + 50 * ramp["physics"])


def test_losses_are_a_function_of_the_seed(build):
    indices = [0, 1, 2, 20, 21]
    one, same, other = (losses(build("original", seed=seed), indices) for seed in (1, 1, 2))
    assert one == same
    assert one[0] != other[0]


def test_losses_are_the_same_bit_for_bit_in_another_process(build):
    code = """
from variants.recipes import collection
trainer = collection.variants[0].build(case="case1", scale="smoke", seed=0)
print([tuple(trainer.epoch(index).values()) for index in (0, 100, 120)])
"""
    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert other.strip() == str(losses(build("original"), [0, 100, 120]))


def test_variants_see_the_same_points_so_only_the_design_sets_them_apart(build):
    original, moments, batched, capped = (
        losses(build(name), [110])[0] for name in ("original", "moments", "batched", "capped-rar")
    )
    assert capped == pytest.approx(original, rel=1e-4)
    assert moments != pytest.approx(original, rel=1e-2)
    assert batched == pytest.approx(original, rel=1e-4)


@pytest.mark.parametrize("scaling", ["adaptive_epsilon", "mse"])
def test_the_scaling_changes_the_physics_loss_alone(build, scaling):
    default, changed = build("original").epoch(150), build("original", scaling=scaling).epoch(150)
    assert changed["data"] == pytest.approx(default["data"])
    assert changed["physics"] != pytest.approx(default["physics"], rel=0.01)


@pytest.mark.parametrize("name", ["original", "capped-rar"])
def test_seek_finds_the_sizes_of_a_real_training(build, name):
    trained, sought = build(name), build(name)
    for index in (20, 40, 41, 60, 61):
        trained.epoch(index)
    sought.seek(62)
    assert sought.state() == trained.state()
    sought.seek(1)
    assert sought.state() == build(name).state()
    assert sought.compiled_step.experimental_get_tracing_count() == 0


def test_the_original_traces_anew_at_every_growth_and_the_capped_one_twice(build):
    traces = {}
    for name in ("original", "capped-rar"):
        trainer = build(name)
        for index in (0, 1, 40, 41, 80, 81, 120, 121):
            trainer.epoch(index)
        compiled = trainer.compiled_step, trainer.compiled_residual
        traces[name] = [function.experimental_get_tracing_count() for function in compiled]
    # The capped one has two shapes of batch, with and without new points, and one of sample.
    assert traces == {"original": [4, 3], "capped-rar": [2, 1]}


def test_state_counts_pool_and_batch(build):
    trainer = build("capped-rar")
    assert trainer.state() == {"pool_points": SMOKE.wide_pool, "batch_points": SMOKE.collocation}
    trainer.epoch(40)
    assert trainer.state() == {"pool_points": SMOKE.pool_cap, "batch_points": SMOKE.collocation + 4}
    trainer.epoch(41)
    assert trainer.state() == {"pool_points": SMOKE.pool_cap, "batch_points": SMOKE.collocation}


def test_residual_and_predict_agree_on_the_density(build):
    trainer = build("batched")
    v, t = np.geomspace(*trainer.case.v_range, 50), np.linspace(0.01, trainer.case.t_end, 50)
    residual, f = trainer.residual(v, t)
    assert residual.shape == f.shape == (50,)
    np.testing.assert_allclose(f, trainer.predict(v, t), rtol=1e-5)
