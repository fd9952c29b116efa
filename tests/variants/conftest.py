"""Trainers for the tests. Set before TensorFlow loads: it should report its errors only."""

import os
from collections.abc import Callable
from functools import partial

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture
def build() -> Callable:
    """Build a trainer of the smoke scale: `build(name, case="case1", scale="smoke", seed=0, **choices)`."""
    from variants.recipes import collection

    def build(name, case="case1", scale="smoke", seed=0, **choices):
        (variant,) = (variant for variant in collection.variants if variant.name == name)
        return partial(variant.build, case=case, scale=scale, seed=seed)(**choices)

    return build
