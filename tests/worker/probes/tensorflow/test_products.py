"""What operations of a graph multiply, checked against XLA's own form of the same program."""

import pytest
import tensorflow as tf

from harness.worker.probes.tensorflow.flops import of_call
from harness.worker.probes.tensorflow.products import is_product, is_readable, read_product


def product(function, *shapes, dtype=tf.float32):
    """The sizes and operations of the only product in a function of arrays of these shapes, and what XLA counts."""
    made = tf.function(function)
    specs = [tf.TensorSpec(shape, dtype) for shape in shapes]
    graph = made.get_concrete_function(*specs).graph
    (one,) = (operation for operation in graph.get_operations() if is_product(operation.type))
    return *read_product(one), sum(of_call(made, (specs, {})).values())


@pytest.mark.parametrize(
    ("function", "shapes", "flops"),
    [
        (lambda a, b: a @ b, [(7, 3), (3, 5)], 2 * 7 * 3 * 5),
        (lambda a, b: tf.matmul(a, b, transpose_a=True), [(64, 32), (64, 32)], 2 * 64 * 32 * 32),
        (lambda a, b: tf.matmul(a, b, transpose_b=True), [(64, 32), (64, 32)], 2 * 64 * 64 * 32),
        (lambda a, b: a @ b, [(4, 7, 3), (4, 3, 5)], 2 * 4 * 7 * 3 * 5),
        (lambda a, b: a @ b, [(4, 7, 3), (3, 5)], 2 * 4 * 7 * 3 * 5),
        (lambda a, b: tf.einsum("bij,jk->bik", a, b), [(4, 7, 3), (3, 5)], 2 * 4 * 7 * 3 * 5),
        (lambda a, b: tf.einsum("...ij,kj->...ik", a, b), [(2, 4, 7, 3), (5, 3)], 2 * 2 * 4 * 7 * 3 * 5),
    ],
)
def test_operations_agree_with_xla_and_with_a_count_by_hand(function, shapes, flops):
    sizes, counted, by_xla = product(function, *shapes)
    assert counted == by_xla == flops
    assert sizes == tuple(shapes)


def test_complex_products_count_eight():
    _, counted, by_xla = product(lambda a, b: a @ b, (2, 3), (3, 4), dtype=tf.complex64)
    assert counted == by_xla == 8 * 2 * 3 * 4


def test_sizes_that_only_the_data_tell_are_unknown():
    graph = tf.function(lambda a, b: a @ b).get_concrete_function(
        tf.TensorSpec((None, 3), tf.float32), tf.TensorSpec((3, 4), tf.float32)
    )
    (one,) = (operation for operation in graph.graph.get_operations() if is_product(operation.type))
    assert read_product(one) == (((), ()), None)
    assert read_product(None) == (((), ()), None)


@pytest.mark.parametrize(
    "name",
    [
        *("MatMul", "_MklMatMul", "_FusedMatMul", "_MklFusedMatMul", "_MklNativeMatMul", "_MklNativeFusedMatMul"),
        *("BatchMatMulV2", "_MklFusedBatchMatMulV2", "Einsum"),
    ],
)
def test_what_tensorflow_puts_in_place_of_a_product_is_one(name):
    assert is_product(name)


@pytest.mark.parametrize("name", ["Mul", "MatrixInverse", "BatchMatrixBandPart", "TensorListPopBack"])
def test_other_operations_are_none(name):
    assert not is_product(name)


@pytest.mark.parametrize("name", ["SparseTensorDenseMatMul", "_QuantizedMatMul", "CSRSparseMatrixMatMul"])
def test_products_of_other_than_two_dense_arrays_cannot_be_read(name):
    assert is_product(name)
    assert not is_readable(name)
