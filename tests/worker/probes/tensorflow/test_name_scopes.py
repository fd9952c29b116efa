import pytest

from harness.worker.probes.tensorflow.name_scopes import part


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("matmul", ""),
        ("physics/matmul_3", "physics"),
        ("gradient_tape/physics/birth/matmul_4/MatMul_1", "physics/birth"),
        ("gradient_tape/gradient_tape/physics/matmul/MatMul", "physics"),
        ("StatefulPartitionedCall_1/physics/matmul", "physics"),
        ("gradients/inner/matmul_grad/MatMul_1", "inner"),
        ("step/gradients/matmul_grad_2/MatMul", ""),
        ("gradients/matmul", "gradients"),
        ("", ""),
    ],
)
def test_scope_comes_from_the_operations_name(name, scope):
    assert part(name) == scope
