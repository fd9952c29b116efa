"""JAX with optax: -u'' = pi^2 sin(pi x) on [-1, 1] with u = 0 at both ends."""

import argparse

import jax
import jax.numpy as jnp
import optax

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=32)
parser.add_argument("--epochs", type=int, default=200)
args = parser.parse_args()


def init(key, sizes):
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        (jax.random.normal(key, (wide, narrow)) * jnp.sqrt(2 / (wide + narrow)), jnp.zeros(narrow))
        for key, wide, narrow in zip(keys, sizes[:-1], sizes[1:])
    ]


def network(params, x):
    h = jnp.array([x])
    for weight, bias in params[:-1]:
        h = jnp.tanh(h @ weight + bias)
    weight, bias = params[-1]
    return (h @ weight + bias)[0] * (1 - x**2)


def residual(params, x):
    u_xx = jax.grad(jax.grad(network, argnums=1), argnums=1)(params, x)
    return u_xx + jnp.pi**2 * jnp.sin(jnp.pi * x)


def compute_loss(params, points):
    return jnp.mean(jax.vmap(residual, (None, 0))(params, points) ** 2)


params = init(jax.random.PRNGKey(1), [1, args.width, args.width, 1])
optimizer = optax.adam(1e-3)
state = optimizer.init(params)
points = jnp.linspace(-1, 1, 128)


@jax.jit
def update(params, state):
    loss, gradients = jax.value_and_grad(compute_loss)(params, points)
    updates, state = optimizer.update(gradients, state, params)
    return optax.apply_updates(params, updates), state, loss


for epoch in range(args.epochs):
    params, state, loss = update(params, state)
    if epoch % 50 == 0:
        print(f"epoch {epoch}: {loss:.3e}")
error = jnp.max(jnp.abs(jax.vmap(network, (None, 0))(params, points) - jnp.sin(jnp.pi * points)))
print(f"error {error:.2e}")
