import numpy as np
import pytest
import tensorflow as tf

from variants.breakage.cases import CASE1, CASE2, CASE3, CASE4
from variants.breakage.network import Network
from variants.breakage.scales import PAPER


def test_the_published_number_of_parameters():
    network = Network(CASE1, PAPER.layers, PAPER.width, seed=0)
    assert sum(int(tf.size(variable)) for variable in network.variables) == 116_097


def test_it_is_the_published_network():
    network = Network(CASE2, layers=4, width=8, seed=0)
    for bias in network.biases:
        bias.assign(np.linspace(-0.5, 0.5, bias.shape[0]))
    v, t = np.float32([1e-3, 0.7, 100]), np.float32([0, 1.3, 5])
    (k1, k2, k3, k4, k5), (b1, b2, b3, b4, b5) = (
        [variable.numpy().astype(np.float64) for variable in variables]
        for variables in (network.kernels, network.biases)
    )
    log_v = 2 * (np.log(v) - np.log(1e-3)) / (np.log(100) - np.log(1e-3)) - 1
    log_t = 2 * (np.log(t + 1e-8) - np.log(1e-8)) / (np.log(5 + 1e-8) - np.log(1e-8)) - 1
    assert [log_v[0], log_t[0], log_v[2], log_t[2]] == pytest.approx([-1, -1, 1, 1], abs=1e-5)
    h1 = np.tanh(np.stack([log_v, log_t], axis=1) @ k1 + b1)
    h2 = h1 + np.tanh(h1 @ k2 + b2)
    h3 = np.tanh(h2 @ k3 + b3)
    h4 = h3 + np.tanh(h3 @ k4 + b4)
    log_f = (h4 @ k5 + b5)[:, 0]
    np.testing.assert_allclose(network.log_density(v, t), log_f, atol=1e-5)
    np.testing.assert_allclose(network.density(v, t), np.exp(log_f), rtol=1e-5)


def test_the_output_is_clipped():
    network = Network(CASE1, layers=2, width=4, seed=0)
    v, t = tf.constant([1.0]), tf.constant([1.0])
    for extreme, limit in ((1e3, 30), (-1e3, -30)):
        network.biases[-1].assign([extreme])
        assert network.log_density(v, t).numpy() == [limit]


def test_the_weights_are_glorot_uniform_and_depend_on_the_seed_alone():
    one, same, other = (Network(CASE1, layers=2, width=64, seed=seed) for seed in (1, 1, 2))
    hidden = one.kernels[1].numpy()
    limit = np.sqrt(6 / 128)
    assert np.abs(hidden).max() <= limit
    assert hidden.std() == pytest.approx(limit / np.sqrt(3), rel=0.03)
    assert (hidden == same.kernels[1].numpy()).all()
    assert (hidden != other.kernels[1].numpy()).any()
    assert all(not bias.numpy().any() for bias in one.biases)


@pytest.mark.parametrize("start", ["learned", "exact"])
@pytest.mark.parametrize("clock", ["log", "log1p"])
@pytest.mark.parametrize("case", [CASE2, CASE3])
def test_the_rate_is_that_of_a_gradient_tape(case, clock, start):
    network = Network(case, 4, 8, 0, clock, start)
    v, t = tf.constant([1e-3, 0.7, 1.0]), tf.constant([0.01, 1.3, 5])
    with tf.GradientTape() as tape:
        tape.watch(t)
        expected = network.log_density(v, t)
    log_f, rate = network.log_density_and_rate(v, t)
    np.testing.assert_allclose(log_f, expected, rtol=1e-6)
    np.testing.assert_allclose(rate, tape.gradient(expected, t), rtol=1e-4)


def test_where_the_output_is_clipped_it_does_not_change():
    network = Network(CASE1, layers=2, width=4, seed=0)
    network.biases[-1].assign([1e3])
    log_f, rate = network.log_density_and_rate(tf.constant([1.0]), tf.constant([1.0]))
    assert (log_f.numpy(), rate.numpy()) == ([30], [0])


def test_on_other_weights_it_is_another_network_and_stays_what_it_was():
    one, other = (Network(CASE1, layers=2, width=4, seed=seed) for seed in (0, 1))
    v, t = tf.constant([0.5, 2.0]), tf.constant([1.0, 2.0])
    before = one.density(v, t).numpy()
    borrowed = one.on([tf.convert_to_tensor(variable) for variable in other.variables])
    np.testing.assert_array_equal(borrowed.density(v, t), other.density(v, t))
    np.testing.assert_array_equal(one.density(v, t), before)


def test_the_clock_is_an_input():
    published, other = (Network(CASE1, layers=2, width=4, seed=0, clock=clock) for clock in ("log", "log1p"))
    v, ends, middle = tf.constant([1.0, 1.0]), tf.constant([0.0, 10.0]), tf.constant([1.0, 2.0])
    np.testing.assert_allclose(published.density(v, ends), other.density(v, ends), rtol=1e-5)
    assert (np.abs(published.log_density(v, middle) - other.log_density(v, middle)) > 1e-3).all()


@pytest.mark.parametrize("case", [CASE1, CASE2])
def test_an_exact_start_is_exact_whatever_the_weights_are(case):
    network = Network(case, 2, 8, 3, "log1p", "exact")
    v = np.float32(np.geomspace(1e-3, 10, 20))
    np.testing.assert_allclose(network.density(v, np.zeros_like(v)), np.exp(-v), rtol=1e-5)


@pytest.mark.parametrize("case", [CASE3, CASE4])
def test_an_exact_start_from_a_delta_sheds_fragments_steadily(case):
    network = Network(case, 2, 8, 3, "log1p", "exact")
    v = np.float32([0.1, 0.5, 0.9])
    assert (network.density(v, np.zeros(3, np.float32)).numpy() < 1e-12).all()
    early, twice = (network.density(v, np.full(3, t, np.float32)).numpy() for t in (1e-4, 2e-4))
    np.testing.assert_allclose(twice, 2 * early, rtol=1e-3)


def test_an_exact_start_has_gradients_at_the_start():
    network = Network(CASE3, 2, 8, 0, "log1p", "exact")
    with tf.GradientTape() as tape:
        log_f = network.log_density(tf.constant([0.5, 0.5]), tf.constant([0.0, 1.0]))
        total = tf.reduce_sum(log_f)
    for gradient in tape.gradient(total, network.variables):
        assert np.isfinite(gradient).all()
