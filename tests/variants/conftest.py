"""Trainers for the tests. Set before TensorFlow loads: it should report its errors only."""

import os
from collections.abc import Callable
from functools import partial

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture
def build(monkeypatch) -> Callable:
    """Build a trainer, of a brief training: `build(name, case="case1", scale="brief", seed=0, **choices)`."""
    from brief import BRIEF

    from variants.breakage.scales import SCALES
    from variants.recipes import collection

    monkeypatch.setitem(SCALES, BRIEF.name, BRIEF)

    def build(name, case="case1", scale=BRIEF.name, seed=0, **choices):
        (variant,) = (variant for variant in collection.variants if variant.name == name)
        return partial(variant.build, case=case, scale=scale, seed=seed)(**choices)

    return build
