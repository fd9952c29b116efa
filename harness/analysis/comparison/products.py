"""What is different about the matrix products of a line: their sizes, or how many there are."""

from collections.abc import Sequence
from math import log, prod

from harness.worker.wire.evidence import Product

NEAR = 1.2
"""Factors that differ by no more than this agree."""


def agree(one: float, other: float) -> bool:
    """Whether two positive factors agree."""
    return abs(log(one / other)) <= log(NEAR)


def find_resized_pair(
    mine: Sequence[Product], theirs: Sequence[Product], factor: float
) -> tuple[Product, Product] | None:
    """Return a product of a line and the one that it replaces, if one size of it changed and that makes `factor`, by
    which the floating-point operations of the line changed. None if no change of one size does.

    Products over fewer or more rows come first, since those are what a line is written for; the others are their
    gradients. Sizes that both have are not different, however many there are of them.
    """
    new, old = _leave_out(mine, theirs), _leave_out(theirs, mine)
    pairs = [(product, earlier) for product in new for earlier in old if _is_resized_by(product, earlier, factor)]
    return next((pair for pair in pairs if changes_rows(*pair)), next(iter(pairs), None))


def have_same_sizes(mine: Sequence[Product], theirs: Sequence[Product], factor: float) -> bool:
    """Whether both have products of the same sizes, each `factor` times as many."""
    before = {_get_sizes(product): product.flops for product in theirs}
    after = {_get_sizes(product): product.flops for product in mine}
    return (
        bool(after)
        and after.keys() == before.keys()
        and all(before[sizes] > 0 < flops and agree(flops / before[sizes], factor) for sizes, flops in after.items())
    )


def find_resized(product: Product, earlier: Product) -> tuple[int, int] | None:
    """Return the size that differs between two products, as it was and as it is; None if several do, or none does."""
    sizes, before = (*product.left, *product.right), (*earlier.left, *earlier.right)
    if len(product.left) != len(earlier.left) or len(sizes) != len(before):
        return None
    changed = {(was, is_) for was, is_ in zip(before, sizes, strict=True) if was != is_}
    return changed.pop() if len(changed) == 1 else None


def changes_rows(product: Product, earlier: Product) -> bool:
    """Whether what differs between two products is the number of rows of the first matrix alone, as where a layer is
    applied to fewer points."""
    return _list_changed(product, earlier) == [len(product.left) - 2]


def shares_rows(product: Product, earlier: Product) -> bool:
    """Whether it is the number of rows of both matrices, as in the gradient of a layer's weights."""
    return _list_changed(product, earlier) == [len(product.left) - 2, len(product.left) + len(product.right) - 2]


def changes_columns(product: Product, earlier: Product) -> bool:
    """Whether it is the number of columns of the second matrix alone."""
    return _list_changed(product, earlier) == [len(product.left) + len(product.right) - 1]


def _list_changed(product: Product, earlier: Product) -> list[int]:
    """Return the places of the sizes that differ, the first matrix's and then the second one's."""
    sizes, before = (*product.left, *product.right), (*earlier.left, *earlier.right)
    return [place for place, (is_, was) in enumerate(zip(sizes, before, strict=False)) if is_ != was]


def _leave_out(some: Sequence[Product], others: Sequence[Product]) -> list[Product]:
    known = {_get_sizes(product) for product in others}
    return [product for product in some if _get_sizes(product) not in known]


def _get_sizes(product: Product) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return product.left, product.right


def _is_resized_by(product: Product, earlier: Product, factor: float) -> bool:
    if not find_resized(product, earlier):
        return False
    pairs = zip(_list_operations(product), _list_operations(earlier), strict=False)
    return any(is_ and was and agree(is_ / was, factor) for is_, was in pairs)


def _list_operations(product: Product) -> list[float]:
    """Return the multiplications of one product, for each pair of dimensions that it may run over: either matrix may
    be transposed."""
    left, right = product.left, product.right
    if len(left) < 2 or len(right) < 2:
        return [float(max(prod(left), prod(right)))]
    whole = prod(left) * prod(right[-2:])
    return [whole / size if size and size in right[-2:] else 0.0 for size in (left[-1], left[-2])]
