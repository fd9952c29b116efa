"""Finds the part of a program that an instruction belongs to: the `jax.named_scope` in which it was traced.

JAX keeps the scopes in the names of operations, among transformations and control flow, such as
`jit(step)/while/body/transpose(jvp(physics))/dot_general`.
"""

from __future__ import annotations

import re

_TRANSFORMED = re.compile(r"(?:transpose|jvp|vmap|pmap|linearize|checkpoint|remat\w*|shard_map|custom_\w+)\((.*)\)")
_CALLED = re.compile(r"p?jit\(.*\)|core_call\(.*\)|closed_call\(.*\)")
_FLOW = re.compile(
    r"while|body|cond|scan|body_fun|branch_\d+_fun|eval_jaxpr|closed_call|pjit|jit|main|remat\w*|checkpoint|"
    r"custom_[jv]+p_call\w*|rematted_computation|xla_call|core_call|shard_map"
)


def part(name: str) -> str:
    """Return the scopes of an operation: `physics` for `jit(step)/transpose(jvp(physics))/vmap(jvp())/dot_general`."""
    scopes = []
    first, *_ = name.split(";")  # a fusion may have the names of several
    for step in _split(first)[:-1]:
        scopes += [inner for inner in _unwrap(step).split("/") if inner and not _FLOW.fullmatch(inner)]
    return "/".join(scopes)


def _unwrap(step: str) -> str:
    """Return what transformations were applied to, or an empty string for the call of a function."""
    while found := _TRANSFORMED.fullmatch(step):
        step = found[1]
    return "" if _CALLED.fullmatch(step) else step


def _split(name: str) -> list[str]:
    """Split a name at its slashes, but not inside parentheses: `jvp(physics/residual)` is one step."""
    steps, depth = [""], 0
    for character in name:
        depth += (character == "(") - (character == ")")
        if character == "/" and depth == 0:
            steps.append("")
        else:
            steps[-1] += character
    return steps
