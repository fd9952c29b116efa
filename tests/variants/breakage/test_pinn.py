import subprocess
import sys

import numpy as np
import pytest
from brief import BRIEF

from variants.recipes import collection

NAMES = [variant.name for variant in collection.variants if variant.name not in collection.references]
CASES = collection.variants[0].cases


def losses(trainer, indices):
    return [tuple(trainer.epoch(index).values()) for index in indices]


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_epoch_is_finite(build, name):
    trainer = build(name)
    indices = [0, 40, 41, 89, 90, 150, 209, 210, 280, 299]
    assert np.isfinite([x for terms in losses(trainer, indices) for x in terms]).all()
    refines = {"refine"} if trainer.recipe.refinement not in ("none", "r3") else set()
    assert {trainer.kind(index) for index in indices} == {"data", "ramp", "full"} | refines


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["original", "surgical", "tuned"])
def test_every_case_trains_and_is_evaluated(build, name, case):
    trainer = build(name, case)
    for index in (0, 1, 150, 280, 281):
        assert np.isfinite(list(trainer.epoch(index).values())).all()
        for variable in trainer.network.variables:
            assert np.isfinite(variable).all()
    quality = trainer.evaluate()
    assert tuple(quality) == collection.variants[0].metrics
    assert np.isfinite(list(quality.values())).all()


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["coarse-grid", "fast", "tuned"])
def test_a_whole_training_is_finite_in_every_case(build, name, case):
    trainer = build(name, case, refinement="none")
    assert all(np.isfinite(list(trainer.epoch(index).values())).all() for index in range(trainer.epochs))
    for variable in trainer.network.variables:
        assert np.isfinite(variable).all()


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
print([tuple(trainer.epoch(index).values()) for index in (0, 2400, 4300)])
"""
    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert other.strip() == str(losses(build("original", scale="smoke"), [0, 2400, 4300]))


def test_variants_see_the_same_points_so_only_the_design_sets_them_apart(build):
    original, moments, batched, capped = (
        losses(build(name), [110])[0] for name in ("original", "moments", "batched", "capped-rar")
    )
    assert capped == pytest.approx(original, rel=1e-4)
    assert moments != pytest.approx(original, rel=1e-2)
    assert batched == pytest.approx(original, rel=1e-4)


@pytest.mark.parametrize("name", ["batched", "recompute", "lazy-physics", "r3"])
def test_a_pure_change_of_how_it_is_computed_leaves_the_first_losses(build, name):
    original, changed = build("original").epoch(0), build(name).epoch(0)
    assert changed == pytest.approx({term: original[term] for term in changed}, rel=1e-5)


def test_objective_distinguishes_another_loss_from_another_computation(build):
    terms = {name: build(name).objective() for name in NAMES}
    same = {name for name in NAMES if terms[name] == pytest.approx(terms["original"], rel=1e-5)}
    assert same == {
        "original",
        "batched",
        "capped-rar",
        "cached-weights",
        "sound-rar",
        "r3",
        "recompute",
        "lazy-physics",
    }
    assert terms["moments"]["data"] != pytest.approx(terms["original"]["data"], rel=0.05)
    assert terms["coarse-grid"]["physics"] != pytest.approx(terms["original"]["physics"], rel=1e-3)


def test_the_objective_trains_nothing_and_is_the_same_each_time(build):
    trainer, untouched = build("fast"), build("fast")
    assert trainer.objective() == trainer.objective()
    assert trainer.epoch(0) == untouched.epoch(0)


@pytest.mark.parametrize("name", ["original", "lazy-physics", "fast", "cached-weights", "tuned"])
def test_epoch_kind_says_if_physics_is_weighted(build, name):
    trainer = build(name, refinement="none", epochs=40)
    for index in range(trainer.epochs):
        losses = trainer.epoch(index)
        counts = losses.get("physics") is not None and losses["loss"] != losses["data"]
        assert counts == (trainer.kind(index) != "data")


def test_lazy_physics_reports_no_physics_loss_that_it_did_not_compute(build):
    trainer = build("lazy-physics")
    assert set(trainer.epoch(0)) == {"loss", "data"}
    assert set(trainer.epoch(150)) == {"loss", "data", "physics"}


def test_lazy_physics_takes_the_same_steps(build):
    always, lazy = build("original"), build("lazy-physics")
    for index in range(5):
        assert lazy.epoch(index)["loss"] == pytest.approx(always.epoch(index)["loss"], rel=1e-5)


def test_cached_weights_are_late_on_the_ramp(build):
    losses = build("cached-weights").epoch(155)
    assert losses["loss"] == pytest.approx(losses["data"] + 50 * losses["physics"])
    losses = build("original").epoch(155)
    assert losses["loss"] == pytest.approx(losses["data"] + 100 * 65 / 120 * losses["physics"])


def test_learning_rate_falls_if_the_recipe_has_it(build):
    for name, last in (("original", 1e-3), ("fast", 1e-6)):
        trainer = build(name, epochs=4)
        for index in range(4):
            trainer.epoch(index)
        assert float(trainer.optimizer.learning_rate) == pytest.approx(last)


def test_epochs_can_be_chosen_and_the_schedule_goes_with_them(build):
    trainer = build("original", epochs=10)
    assert [trainer.kind(index) for index in range(trainer.epochs)] == ["data"] * 4 + ["ramp"] * 3 + ["full"] * 3


def test_r3_keeps_points_from_one_epoch_to_the_next(build):
    trainer = build("r3")
    trainer.epoch(150)
    before = {tuple(row) for row in trainer.refiner.pool}
    trainer.epoch(151)
    kept = sum(tuple(row) in before for row in trainer.refiner.pool)
    assert 0 < kept < BRIEF.collocation


def test_a_grid_has_the_nodes_of_the_recipe(build):
    coarse, fine = (build("shared-times", nodes=nodes) for nodes in ("coarse", "fine"))
    assert coarse.state()["batch_points"] == BRIEF.coarse_nodes * BRIEF.times
    assert fine.state()["batch_points"] == BRIEF.nodes * BRIEF.times
    assert np.isfinite(list(fine.epoch(150).values())).all()


def test_points_are_ranked_by_the_residual_that_the_loss_is_of(build):
    trainer = build("original", "case3")
    points = np.float32([[0.5, 0.0], [0.5, 999.0]])
    residual, _ = trainer.residual(*points.T)
    np.testing.assert_allclose(trainer.score(points), np.abs(residual) / [1, 1000], rtol=1e-5)


def test_points_that_refinement_adds_to_a_grid_are_trained_on_as_well(build):
    trainer = build("shared-times", refinement="unbounded")
    trainer.seek(41)
    grid = BRIEF.coarse_nodes * BRIEF.times
    assert trainer.state()["batch_points"] > grid
    assert np.isfinite(list(trainer.epoch(150).values())).all()


@pytest.mark.parametrize("scaling", ["adaptive_epsilon", "mse", "mass"])
def test_the_scaling_changes_the_physics_loss_alone(build, scaling):
    default, changed = build("original").epoch(150), build("original", scaling=scaling).epoch(150)
    assert changed["data"] == pytest.approx(default["data"])
    assert changed["physics"] != pytest.approx(default["physics"], rel=0.01)


@pytest.mark.parametrize("name", ["original", "capped-rar", "sound-rar", "r3", "fast"])
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
    assert trainer.state() == {"pool_points": BRIEF.wide_pool, "batch_points": BRIEF.collocation}
    trainer.epoch(40)
    assert trainer.state() == {"pool_points": BRIEF.pool_cap, "batch_points": BRIEF.collocation + 4}
    trainer.epoch(41)
    assert trainer.state() == {"pool_points": BRIEF.pool_cap, "batch_points": BRIEF.collocation}


def test_residual_and_predict_agree_on_the_density(build):
    trainer = build("batched")
    v, t = np.geomspace(*trainer.case.support, 50), np.linspace(0.01, trainer.case.t_end, 50)
    residual, f = trainer.residual(v, t)
    assert residual.shape == f.shape == (50,)
    np.testing.assert_allclose(f, trainer.predict(v, t), rtol=1e-5)
