#!/usr/bin/env bash
# PyTorch's own counter of FLOPs fails on the loss of a physics-informed network: a derivative by the network's inputs.
#
# Version: torch 2.13.0.
#
# Behaviour: under `torch.utils.flop_counter.FlopCounterMode`, `torch.autograd.grad` of a module's output by its input
# raises RuntimeError ("A leaf node was passed to _will_engine_execute_node ..."). Without the counter the same lines run.
# Under it they run if the network is a plain function and no module, and a derivative by weights (`loss.backward()`) is
# counted in both cases.
#
# Expected: a counter that only observes lets the program run, and counts the products of this gradient too.
#
# Why it matters: the derivative by the inputs is what makes a network physics-informed, and nearly all are modules. The
# counter was rewritten in 2.4; it follows which module a gradient belongs to by hooks that cannot be on an input.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CUDA_VISIBLE_DEVICES= HOME="$folder"

cat >count.py <<'PYTHON'
import sys

import torch
from torch.utils.flop_counter import FlopCounterMode

net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
first, second = net[0], net[2]


def plain(points):
    hidden = torch.tanh(points @ first.weight.T + first.bias)
    return hidden @ second.weight.T + second.bias


def by_inputs(predict):
    points = torch.ones(16, 2, requires_grad=True)
    (slope,) = torch.autograd.grad(predict(points).sum(), points, create_graph=True)
    return (slope**2).mean()


def by_weights(predict):
    (predict(torch.ones(16, 2)) ** 2).mean().backward()


def counted(compute, predict):
    try:
        with FlopCounterMode(display=False) as counter:
            compute(predict)
    except RuntimeError as error:
        return f"RuntimeError: {str(error).partition(' but ')[0]}"
    return f"{counter.get_total_flops()} FLOPs"


print("without the counter:", float(by_inputs(net).detach()) == float(by_inputs(plain).detach()))
found = {
    "a module, by weights": counted(by_weights, net),
    "a module, by inputs": counted(by_inputs, net),
    "a function, by inputs": counted(by_inputs, plain),
}
for what, answer in found.items():
    print(f"{what + ':':24} {answer}")
failed = [what for what, answer in found.items() if answer.startswith("RuntimeError")]
if failed != ["a module, by inputs"]:
    sys.exit("CHANGED: expected the counter to fail on the derivative of a module by its inputs, and only there")
PYTHON

"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install -qq torch==2.13.0 numpy || { echo "could not install" >&2; exit 2; }
venv/bin/python -I count.py 2>errors || { cat errors >&2; exit 1; }
