"""What is different about matrix products."""

from harness.analysis.comparison.products import (
    changes_columns,
    changes_rows,
    find_resized_pair,
    have_same_sizes,
    shares_rows,
)
from harness.worker.wire.evidence import Product


def layer(rows, inner=64, outer=64):
    """A layer's product, and that of the gradient of its weights with the first matrix transposed."""
    flops = 2.0 * rows * inner * outer
    return [Product((rows, inner), (rows, outer), flops), Product((rows, inner), (inner, outer), flops)]


def test_the_product_of_a_layer_comes_before_its_gradient():
    product, earlier = find_resized_pair(layer(40), layer(480), 1 / 12)
    assert (product.left, product.right, earlier.left) == ((40, 64), (64, 64), (480, 64))
    assert changes_rows(product, earlier)


def test_the_gradient_alone_has_fewer_rows_too():
    pair = find_resized_pair(layer(40)[:1], layer(480)[:1], 1 / 12)
    assert shares_rows(*pair)


def test_a_size_that_does_not_make_the_factor_is_no_reason():
    assert find_resized_pair(layer(40), layer(480), 1 / 3) is None
    assert find_resized_pair(layer(40), layer(480), 1 / 11) is not None


def test_a_size_that_counts_twice_makes_the_square():
    before, after = [Product((9, 50), (50, 50), 1.0)], [Product((9, 100), (100, 100), 4.0)]
    assert find_resized_pair(after, before, 4.0)
    assert find_resized_pair(after, before, 2.0) is None


def test_stacks_of_matrices_are_resized_too():
    assert find_resized_pair([Product((8, 5, 3), (8, 3, 4), 1.0)], [Product((8, 10, 3), (8, 3, 4), 1.0)], 0.5)


def test_two_sizes_that_differ_are_no_reason():
    assert find_resized_pair([Product((8, 4), (4, 5), 1.0)], [Product((9, 3), (3, 5), 1.0)], 1.2) is None


def test_columns_are_those_of_the_second_matrix():
    assert changes_columns(Product((9, 3), (3, 5), 1.0), Product((9, 3), (3, 50), 1.0))


def test_sizes_that_both_have_are_never_paired_with_others():
    """Two sizes of one network, of which there are fewer."""
    before = [Product((500, 50), (50, 50), 3.84e9), Product((500, 3), (3, 50), 25.2e6)]
    after = [Product((500, 50), (50, 50), 1.44e9), Product((500, 3), (3, 50), 9.6e6)]
    assert find_resized_pair(after, before, 0.375) is None
    assert have_same_sizes(after, before, 0.374)
    assert not have_same_sizes(after, before, 0.2)
    assert not have_same_sizes(after[:1], before, 0.375)
    assert not have_same_sizes([], [], 1.0)
