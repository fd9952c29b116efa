"""The parts that JAX's names of operations tell."""

import pytest

from harness.worker.probes.jax.scopes import part


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("jit(step)/physics/dot_general", "physics"),
        ("jit(step)/jit(main)/physics/dot_general", "physics"),
        ("jit(step)/while/body/eval_jaxpr/transpose(jvp(physics))/vmap(transpose(jvp()))/dot_general", "physics"),
        ("jit(step)/jvp(physics)/residual/mul", "physics/residual"),
        ("jit(step)/transpose(jvp(physics/residual))/mul", "physics/residual"),
        ("jit(step)/while/body/closed_call/data/tanh", "data"),
        ("jit(step)/vmap(physics)/jit(tanh)/tanh", "physics"),
        ("jit(step)/cond/branch_1_fun/data/sin", "data"),
        ("jit(step)/physics/mul;transpose(jvp(physics))/add", "physics"),
        ("jit(step)/dot_general", ""),
        ("jit(step)/transpose(jvp())/dot_general", ""),
        ("physics", ""),
        ("", ""),
    ],
)
def test_scopes_are_found_among_transformations_and_control_flow(name, scope):
    assert part(name) == scope
