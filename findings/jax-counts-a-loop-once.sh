#!/usr/bin/env bash
# The cost analysis of a compiled JAX function counts the body of a loop once, however often it turns.
#
# Versions: jax 0.10.2 and jaxlib 0.10.2; NumPy 2.4.6.
#
# Behaviour: `jax.jit(f).lower(x).compile().cost_analysis()["flops"]` is the same for `lax.scan` and `lax.fori_loop` over
# 1, 10 or 1,000 products of matrices, although the number of turns is a constant of the program. The same scan with
# `unroll=True` has ten times as many FLOPs for ten turns. The analysis before compilation (`lower(x).cost_analysis()`)
# does the same.
#
# Expected: as many FLOPs as the program does where it says how often a loop turns; or no number.
#
# Why it matters: trainings put many steps of an optimizer into one `lax.scan` to save the host's time. By this analysis
# 1,000 steps cost what one costs, so a rate or a share of the hardware's peak is wrong by a factor of 1,000, and a
# change from a Python loop to a scan looks as if the arithmetic had gone.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export JAX_PLATFORMS=cpu HOME="$folder"

cat >count.py <<'PYTHON'
import sys

import jax
import jax.numpy as jnp

x = jnp.ones((64, 64))


def turn(carried, _):
    return jnp.tanh(carried @ carried), None


def products(function, compiles=True):
    """FLOPs, in products of two such matrices."""
    lowered = jax.jit(function).lower(x)
    found = (lowered.compile() if compiles else lowered).cost_analysis()
    return round(found["flops"] / (2 * 64**3), 3)


def scanned(turns, **options):
    return lambda x: jax.lax.scan(turn, x, None, length=turns, **options)[0]


found = {
    "scan, 1 turn": products(scanned(1)),
    "scan, 10 turns": products(scanned(10)),
    "scan, 1000 turns": products(scanned(1000)),
    "fori_loop, 10 turns": products(lambda x: jax.lax.fori_loop(0, 10, lambda _, c: jnp.tanh(c @ c), x)),
    "scan, 10 turns, before compilation": products(scanned(10), compiles=False),
    "scan, 10 turns, unrolled": products(scanned(10, unroll=True)),
}
print(f"jax {jax.__version__}")
for what, number in found.items():
    print(f"  {what + ':':36} {number:g} products")
if list(found.values()) != [1, 1, 1, 1, 1, 10]:
    sys.exit("CHANGED: expected every loop that is not unrolled to count as one turn")
PYTHON

"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install -qq jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 || { echo "could not install" >&2; exit 2; }
venv/bin/python -I count.py 2>errors || { cat errors >&2; exit 1; }
