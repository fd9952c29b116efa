#!/usr/bin/env bash
# torch.compile captures nothing of a function that takes a derivative within a loop, and does not say so.
#
# Version: torch 2.13.0.
#
# Behaviour: a residual computed with `torch.autograd.grad(u.sum(), x, create_graph=True)` is compiled in two graphs, one
# on each side of the derivative. The same lines within `for _ in range(2):` give no graph at all: the backend is never
# called, the function runs as if it were not compiled, and no warning is given. With
# `torch._dynamo.config.trace_autograd_ops = True`, which is off, both are one graph each.
#
# Expected: the graphs on both sides of each derivative, as without the loop, or a warning that nothing is compiled.
#
# Why it matters: losses of physics-informed networks take such derivatives, often in a loop over outputs, equations or
# subdomains. The program runs, its results are right, and it is believed to be compiled.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CUDA_VISIBLE_DEVICES= HOME="$folder"

cat >capture.py <<'PYTHON'
import sys
import warnings

import torch

net = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
x = torch.linspace(0, 1, 5)[:, None].requires_grad_()


def straight():
    u = net(x)
    slope = torch.autograd.grad(u.sum(), x, create_graph=True)[0]
    return (slope**2).mean()


def loop():
    total = 0.0
    for _ in range(2):
        u = net(x)
        slope = torch.autograd.grad(u.sum(), x, create_graph=True)[0]
        total = total + (slope**2).mean()
    return total


def compile_and_call(function, traces):
    """Return how many graphs the backend got, and the warnings about compiling."""
    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    torch._dynamo.reset()
    with torch._dynamo.config.patch(trace_autograd_ops=traces), warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        compiled = torch.compile(function, backend=backend)
        assert torch.equal(compiled(), function()), "the results differ"
    return len(graphs), [str(one.message) for one in given if "compil" in str(one.message).lower()]


found = {}
for traces in (False, True):
    for function in (straight, loop):
        graphs, told = compile_and_call(function, traces)
        found[function.__name__, traces] = graphs, len(told)
        print(f"trace_autograd_ops={traces!s:5}  {function.__name__:8}  {graphs} graphs, {len(told)} warnings")
expected = {("straight", False): (2, 0), ("loop", False): (0, 0), ("straight", True): (1, 0), ("loop", True): (1, 0)}
if found != expected:
    sys.exit("CHANGED: expected no graph and no warning for the loop, unless derivatives are traced")
PYTHON

"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install -qq torch==2.13.0 numpy || { echo "could not install" >&2; exit 2; }
venv/bin/python -I capture.py 2>errors || { cat errors >&2; exit 1; }
