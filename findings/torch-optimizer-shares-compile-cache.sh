#!/usr/bin/env bash
# Making a PyTorch optimizer, with nothing compiled, makes later child processes share one compile cache.
#
# Version: torch 2.13.0.
#
# Behaviour: TorchInductor's cache is in the folder for temporary files, so a child process with a TMPDIR of its own has
# a cache of its own. Making any optimizer in the parent, such as plain SGD without `torch.compile`, sets
# TORCHINDUCTOR_CACHE_DIR in the environment of the parent. All child processes that it starts from then on inherit it,
# and use the parent's folder whatever their TMPDIR is. `import torch` and a backward pass do not set it.
#
# Expected: an optimizer that compiles nothing leaves the environment as it is.
#
# Why it matters: a test session or a notebook that has trained something and then benchmarks in child processes, each
# with a temporary folder of its own, measures warm compilations from the second one on, and cold ones in a fresh shell.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset TORCHINDUCTOR_CACHE_DIR
export CUDA_VISIBLE_DEVICES= TMPDIR="$folder/tmp" HOME="$folder"
mkdir "$TMPDIR"

cat >parent.py <<'PYTHON'
import os
import subprocess
import sys
import tempfile

import torch

VARIABLE = "TORCHINDUCTOR_CACHE_DIR"
CHILD = "from torch._inductor.runtime.cache_dir_utils import cache_dir; print(cache_dir())"


def child_cache():
    """Whose folder a child process with a temporary folder of its own uses."""
    with tempfile.TemporaryDirectory() as own:
        command = [sys.executable, "-I", "-c", CHILD]
        done = subprocess.run(command, env={**os.environ, "TMPDIR": own}, check=True, capture_output=True, text=True)
        return "its own" if done.stdout.strip().startswith(own) else "the parent's"


def show(moment):
    found = (VARIABLE in os.environ, child_cache())
    print(f"{moment:24} {VARIABLE} set: {found[0]!s:5}  cache of a child process: {found[1]}")
    return found


weight = torch.zeros(3, requires_grad=True)
weight.sum().backward()
before = show("after a backward pass:")
optimizer = torch.optim.SGD([weight], 0.1)
after = show("after torch.optim.SGD():")
if before != (False, "its own") or after != (True, "the parent's"):
    sys.exit("CHANGED: expected the optimizer, and only it, to set the variable for child processes")
PYTHON

"${PYTHON:-python3}" -m venv venv
venv/bin/python -m pip install -qq torch==2.13.0 numpy || { echo "could not install" >&2; exit 2; }
venv/bin/python -I parent.py 2>errors || { cat errors >&2; exit 1; }
