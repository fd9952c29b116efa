"""The published losses with all of their clipping, and a loss of the misplaced mass. `statistic` maps a batch of shape
(n,) to a scalar."""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

Statistic = Callable[[tf.Tensor], tf.Tensor]

RESIDUAL_LIMIT = 1e3
LOSS_LIMIT = 1e6
LOG_LIMIT = 20.0
FLOOR = 0.01
"""The floor added to the square by which a weight divides, as a fraction of the statistic of the squares."""


# Accessed here, because TFP loads its modules on first use, which should not happen in the first epoch.
_percentile = tfp.stats.percentile


def median(x: tf.Tensor) -> tf.Tensor:
    """Return the median of x, by sorting all of it."""
    return _percentile(x, 50.0)


def mean(x: tf.Tensor) -> tf.Tensor:
    """Return the mean of x. It does not approximate the median: for f^2 of the exact solution, it is 7 to 50,000 times
    as large."""
    return tf.nn.moments(x, axes=[0])[0]


def physics_loss(residual: tf.Tensor, f: tf.Tensor, statistic: Statistic, scaling: str) -> tf.Tensor:
    """Return the scalar loss of (n,) residuals at points where the predicted density is `f`.

    As published, the weights 1/f^2 come from the prediction and are differentiated. Raises ValueError if `scaling` is
    not one of the published values of `recipe.Scaling`.
    """
    residual = tf.clip_by_value(residual, -RESIDUAL_LIMIT, RESIDUAL_LIMIT)
    match scaling:
        case "adaptive_huber":
            weights = _compute_weights(tf.square(f), statistic, offset=1e-10, cap=50.0)
            loss = tf.reduce_mean(weights * huber(residual, delta=0.1))
        case "adaptive_epsilon":
            weights = _compute_weights(tf.square(f), statistic, offset=1e-10, cap=100.0)
            loss = tf.reduce_mean(weights * tf.square(residual))
        case "mse":
            loss = tf.reduce_mean(tf.square(residual))
        case _:
            raise ValueError(f"There is no physics loss with the scaling {scaling!r}.")
    return tf.clip_by_value(loss, 0.0, LOSS_LIMIT)


def mass_loss(residual: tf.Tensor, v: tf.Tensor, t: tf.Tensor, selection: tf.Tensor) -> tf.Tensor:
    """Return the scalar loss mean((v^2 r / (S(v) + 1/(1 + t)))^2) of (n,) residuals r at the volumes v and times t.

    v^2 f is the mass per unit of ln v, and v^2 r the rate at which its error grows. The error decays by breakage at the
    rate S(v), and persists no longer than the time 1 + t in which the solution changes completely. So this estimates
    the mass in the wrong place. The network can reduce weights 1/f^2 by predicting a large f where there are no data,
    but not these weights.
    """
    return tf.reduce_mean(tf.square(tf.square(v) * residual / (selection + 1 / (1 + t))))


def data_loss(log_f: tf.Tensor, observed: tf.Tensor, statistic: Statistic) -> tf.Tensor:
    """Return the scalar loss of (n,) predicted log densities compared with (n,) observed densities, in log space."""
    log_f = tf.clip_by_value(log_f, -LOG_LIMIT, LOG_LIMIT)
    log_observed = tf.clip_by_value(tf.math.log(observed + 1e-12), -LOG_LIMIT, LOG_LIMIT)
    weights = _compute_weights(tf.square(log_observed), statistic, offset=1e-8, cap=50.0)
    return tf.reduce_mean(weights * tf.square(log_f - log_observed))


def huber(x: tf.Tensor, delta: float) -> tf.Tensor:
    """Return x^2 / 2 up to |x| = delta, continued linearly (P. J. Huber, Ann. Math. Statist. 35 (1964) 73)."""
    size = tf.abs(x)
    return tf.where(size <= delta, tf.square(x) / 2, delta * (size - delta / 2))


def _compute_weights(squares: tf.Tensor, statistic: Statistic, offset: float, cap: float) -> tf.Tensor:
    """Return one over each square, with a floor added to the square and a cap on the weight."""
    return tf.minimum(1 / (squares + FLOOR * statistic(squares) + offset), cap)
