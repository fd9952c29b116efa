import numpy as np
import pytest
import tensorflow as tf

from variants.breakage.cases import CASE1, CASE2
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
