#!/usr/bin/env bash
# A training that diverges in jinns ends early, and the losses that it returns end in zeros.
#
# Versions: jinns 1.10.2, jax 0.10.2, jaxlib 0.10.2, equinox 0.13.8, optax 0.2.8, numpy 2.4.6.
#
# Behaviour: `jinns.solve` stops at the first iteration whose parameters are not finite. It raises nothing, and returns
# losses for all `n_iter` iterations all the same: those of the iterations that did not run are 0.0, exactly. A line that
# names the cause is printed, unless `verbose=False`.
#
# Expected: as many losses as iterations ran, or NaN for the others.
#
# Why it matters: the last loss, and the smallest one, of a training that has diverged are 0.0, better than those of any
# other. A sweep or a benchmark that ranks trainings by `losses[-1]` or `losses.min()` chooses the diverged one.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export JAX_PLATFORMS=cpu HOME="$folder"

cat >train.py <<'PYTHON'
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import jinns
import optax

STEPS = 50


class Decay(jinns.loss.ODE):
    def equation(self, t, u, params):
        return jax.jacrev(lambda t: u(t, params))(t).squeeze(-1) + u(t, params)


def train(rate):
    first, second = jax.random.split(jax.random.PRNGKey(0))
    layers = ((eqx.nn.Linear, 1, 16), (jax.nn.tanh,), (eqx.nn.Linear, 16, 1))
    u, start = jinns.nn.PINN_MLP.create(key=first, eqx_list=layers, eq_type="ODE")
    data = jinns.data.DataGeneratorODE(key=second, nt=64, tmin=0.0, tmax=1.0, temporal_batch_size=32)
    params = jinns.parameters.Params(nn_params=start, eq_params={})
    loss = jinns.loss.LossODE(
        u=u,
        loss_weights=jinns.loss.LossWeightsODE(dyn_loss=1.0, initial_condition=1.0),
        dynamic_loss=Decay(),
        initial_condition=(0.0, jnp.array([1.0])),
        params=params,
    )
    _, losses, *_ = jinns.solve(
        init_params=params, data=data, optimizer=optax.sgd(rate), loss=loss, n_iter=STEPS, verbose=False
    )
    return losses.tolist()


print("rate  losses  not zero    first         last     smallest")
found = {rate: train(rate) for rate in (1e-2, 1e3)}
for rate, losses in found.items():
    ran = sum(loss != 0 for loss in losses)
    print(f"{rate:4g}  {len(losses):6}  {ran:8}  {losses[0]:7.4f}  {losses[-1]:11.4g}  {min(losses):11.4g}")
steady, diverged = found.values()
if len(steady) != STEPS or not 0 < steady[-1] < steady[0]:
    sys.exit("CHANGED: expected the training with the small rate to get better in every one of its iterations")
if len(diverged) != STEPS or not diverged[0] < max(diverged) or diverged[-10:] != [0.0] * 10:
    sys.exit("CHANGED: expected the training with the large rate to diverge, and its losses to end in zeros")
PYTHON

"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install -qq jinns==1.10.2 jax==0.10.2 jaxlib==0.10.2 equinox==0.13.8 optax==0.2.8 \
    numpy==2.4.6 || { echo "could not install" >&2; exit 2; }
venv/bin/python -I train.py 2>errors || { cat errors >&2; exit 1; }
