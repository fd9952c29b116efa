"""The floors of the quadrature rules: against their orders, an independent solver, and a training's own birth term."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import solve_ivp

from variants.breakage import exact
from variants.breakage.birth import birth_rate, log_spaced_nodes
from variants.breakage.cases import CASE1, CASE2, CASE3, CASE4, CASES
from variants.breakage.floors import birth_matrix, exact_residual, floors, semi_discrete_density
from variants.breakage.metrics import FLOORS
from variants.breakage.quadrature import RULES
from variants.breakage.quality import misplaced_mass, quality_nodes, quality_times

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
rules = pytest.mark.parametrize("name", RULES)


def order(case, name, counts):
    """Of the two floors, from the first to the last number of nodes."""
    coarse, fine = (np.array(list(floors(case, name, count).values())) for count in counts)
    return np.log(coarse / fine) / np.log((counts[1] - 1) / (counts[0] - 1))


@cases
def test_a_better_rule_has_lower_floors(case):
    next_node, trapezoid, four_point = (floors(case, name, 41) for name in ("next_node", "trapezoid", "four_point"))
    for name in FLOORS:
        assert next_node[name] > trapezoid[name] > 8 * four_point[name] > 0
    assert four_point["floor_misplaced_mass"] < 0.003 < 0.1 < trapezoid["floor_misplaced_mass"]


@cases
@pytest.mark.parametrize(
    ("name", "low", "high"), [("next_node", 0.85, 1.05), ("trapezoid", 1.9, 2.1), ("four_point", 3.5, 4.3)]
)
def test_the_residual_falls_with_the_order_of_the_rule(case, name, low, high):
    # What is above the last node stays: in case 1 it is all that four points leave on finer grids.
    residual, _ = order(case, name, (41, 61) if case is CASE1 else (41, 121))
    assert low < residual < high


@pytest.mark.parametrize("case", [CASE2, CASE3, CASE4])
def test_the_misplaced_mass_falls_with_the_order_of_the_rule(case):
    _, trapezoid = order(case, "trapezoid", (61, 121))
    _, four_point = order(case, "four_point", (61, 121))
    assert 1.7 < trapezoid < 2.2
    assert 3.6 < four_point < 5
    # The next-node rule still loses much of the mass here, and it cannot lose more than all: its order shows later.
    assert (
        floors(case, "next_node", 61)["floor_misplaced_mass"] > floors(case, "next_node", 121)["floor_misplaced_mass"]
    )
    assert floors(case, "next_node", 121)["floor_misplaced_mass"] > 0.15


def test_contribution_above_the_last_node_is_a_separate_floor():
    # Case 1 has 11 e^-10 = 5e-4 of its mass there: its fragments are missed, whatever the rule.
    found = floors(CASE1, "four_point", 201)["floor_misplaced_mass"]
    assert found == pytest.approx(11 * np.exp(-10) / 2, rel=0.02)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["trapezoid", "four_point"])
def test_where_too_few_nodes_let_the_solution_grow_without_bound(name):
    # By trapezoids on nodes of the ratio r, birth minus death at a node is (r - 2) S f: here r = 2.85 and S t = 5e4.
    found = floors(CASE2, name, 12)
    assert found["floor_misplaced_mass"] == math.inf
    assert math.isfinite(found["floor_residual"])


# The final error of v f at the nodes, and of the mass, in percent: an independent implementation with 41 nodes.
@pytest.mark.parametrize(
    ("case", "name", "error", "mass"),
    [
        (CASE1, "trapezoid", 24, 30),
        (CASE2, "trapezoid", 27, 33),
        (CASE3, "trapezoid", 73, 83),
        (CASE4, "trapezoid", 36, 40),
        (CASE1, "four_point", 0.06, -0.16),
        (CASE2, "four_point", 0.4, -0.5),
        (CASE3, "four_point", 0.3, -0.4),
        (CASE4, "four_point", 0.07, -0.1),
    ],
)
def test_the_final_errors_of_41_nodes(case, name, error, mass):
    nodes, v = log_spaced_nodes(case, 41), quality_nodes(case)
    times = np.array([0, case.t_end])
    final = semi_discrete_density(case, RULES[name], nodes, np.concatenate([nodes, v]), times)[-1]
    true = exact.number_density(case, np.concatenate([nodes, v]), case.t_end)
    weighted = nodes * (final - true)[:41]
    assert 100 * np.linalg.norm(weighted) / np.linalg.norm(nodes * true[:41]) == pytest.approx(error, rel=0.15)
    found, expected = (np.trapezoid(v**2 * f[41:], np.log(v)) for f in (final, true))
    assert 100 * (found / expected - 1) == pytest.approx(mass, rel=0.15)


def births(case, rule, nodes, v, f):
    """The birth term as training has it, of densities `f` at the nodes: at n volumes, (n,)."""
    density = tf.tile(tf.constant(f), [len(v)])
    t = tf.zeros(len(v), tf.float64)
    return birth_rate(lambda v, t: density, case, rule, tf.constant(nodes), tf.constant(v), t).numpy()


@cases
@rules
def test_the_solution_against_an_independent_solver(case, name):
    nodes = log_spaced_nodes(case, 20)
    between = np.sqrt(nodes[1:] * nodes[:-1])[::6]
    places = np.concatenate([nodes, between])
    times = np.array([0.0, 0.001, 0.03, 1.0]) * case.t_end
    units = np.eye(20)
    matrix = np.stack([births(case, RULES[name], nodes, places, unit) for unit in units], axis=1)
    system = np.pad(matrix, [(0, 0), (0, len(between))]) - np.diag(case.selection(places))

    def rate(t, f):
        return system @ f + 2 * exact.amplitude(case, t)

    start = exact.number_density(case, places, 0.0)
    options = {"t_eval": times, "jac": system, "rtol": 1e-8, "atol": 1e-10}
    solver = solve_ivp(rate, (0, case.t_end), start, "Radau", **options)
    solved = semi_discrete_density(case, RULES[name], nodes, between, times)
    np.testing.assert_allclose(solved, solver.y[20:].T, rtol=1e-5, atol=1e-6)


@cases
@rules
def test_asking_for_more_volumes_changes_nothing(case, name):
    nodes, times = log_spaced_nodes(case, 20), quality_times(case)[:4]
    v = quality_nodes(case)[::40]
    together = semi_discrete_density(case, RULES[name], nodes, v, times)
    np.testing.assert_allclose(
        semi_discrete_density(case, RULES[name], nodes, v[3:4], times)[:, 0], together[:, 3], rtol=1e-9, atol=1e-12
    )


@rules
def test_the_matrix_is_the_birth_term(name):
    nodes = log_spaced_nodes(CASE2, 30)
    v = np.array([0.5e-3, 1e-3, nodes[7], 0.02, 3.0, 99.0, 100.0])
    f = np.random.default_rng(0).random(30)
    matrix = birth_matrix(CASE2, RULES[name], nodes, v)
    assert matrix.shape == (7, 30)
    np.testing.assert_allclose(matrix @ f, births(CASE2, RULES[name], nodes, v, f), rtol=1e-12, atol=1e-10)


@cases
@rules
def test_the_residual_by_finite_differences_at_random_points(case, name):
    rows = np.random.default_rng(0).random((6000, 2))
    low, high = case.support
    v = low * (high / low) ** rows[:, 0]
    t = np.expm1(np.log1p(case.t_end) * rows[:, 1]) if case.monodisperse else case.t_end * rows[:, 1]
    weight = 1 / (1 + t) if case.monodisperse else 1.0
    nodes = log_spaced_nodes(case, 41)
    step = 1e-6 * (1 + t)
    rate = (exact.number_density(case, v, t + step) - exact.number_density(case, v, t - step)) / (2 * step)

    def density(v, t):
        return tf.constant(exact.number_density(case, v.numpy(), t.numpy()))

    born = birth_rate(density, case, RULES[name], *(tf.constant(x) for x in (nodes, v, t)))
    born += 2 * exact.amplitude(case, t)
    residual = rate - (born - case.selection(v) * exact.number_density(case, v, t))
    # Of the next-node rule's residuals a few large ones make up most: two samples differ by some percent.
    found = exact_residual(case, RULES[name], nodes)
    assert found == pytest.approx(np.sqrt(np.mean((weight * residual) ** 2)), rel=0.1)


@pytest.mark.parametrize(("nodes", "published"), [(41, 0.252), (500, 0.024)])
def test_the_published_residuals_of_the_next_node_rule(nodes, published):
    found = exact_residual(CASE1, RULES["next_node"], log_spaced_nodes(CASE1, nodes))
    assert found == pytest.approx(published, rel=0.1)


@cases
def test_the_floor_is_the_largest_misplaced_mass(case):
    nodes, v, t = log_spaced_nodes(case, 41), quality_nodes(case), quality_times(case)
    density = semi_discrete_density(case, RULES["trapezoid"], nodes, v, t)
    misplaced = misplaced_mass(density, exact.number_density(case, v, t[:, None]), v)
    assert misplaced[0] == 0
    assert floors(case, "trapezoid", 41)["floor_misplaced_mass"] == pytest.approx(misplaced.max())


def test_floors_are_cached_and_returned_as_copies():
    first = floors(CASE1, "trapezoid", 20)
    expected = dict(first)
    first["floor_residual"] = -1.0
    assert floors(CASE1, "trapezoid", 20) == expected
    assert tuple(expected) == FLOORS


def test_rejects_an_unknown_rule():
    with pytest.raises(KeyError, match="simpson"):
        floors(CASE1, "simpson", 20)
