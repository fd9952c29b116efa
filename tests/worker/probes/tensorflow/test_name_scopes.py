import pytest

from harness.worker.probes.tensorflow.name_scopes import forward_name, part


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
        ("while/body/_12/while/matmul", ""),
        ("gradient_tape/while/while_grad/body/_69/gradient_tape/while/gradients/while/matmul_2_grad/MatMul", ""),
        ("cond_1/then/_3/cond_1/physics/matmul", "physics"),
        ("physics/while/physics/data/matmul", "physics/physics/data"),
        ("", ""),
    ],
)
def test_scope_comes_from_the_operations_name(name, scope):
    assert part(name) == scope


@pytest.mark.parametrize(
    ("name", "forward"),
    [
        ("matmul_1", "matmul_1"),
        ("gradient_tape/physics/birth/matmul_4/MatMul_1", "physics/birth/matmul_4"),
        ("gradient_tape/gradient_tape/physics/matmul/MatMul", "physics/matmul"),
        ("StatefulPartitionedCall_1/physics/matmul", "physics/matmul"),
        ("gradient_tape/while/gradients/while/matmul_2_grad/MatMul", "while/matmul_2"),
        ("step/gradients/matmul_grad_2/MatMul", "matmul"),
    ],
)
def test_a_gradient_has_the_name_of_its_operation(name, forward):
    assert forward_name(name) == forward
