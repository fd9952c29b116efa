"""How large: every size that a training has, so that a limit that binds at full size binds at every scale."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class Scale:
    """The sizes of one training. Counts, except where a field says otherwise."""

    name: str
    epochs: int
    layers: int
    """Hidden layers of the network."""
    width: int
    data: int
    """Data points an epoch."""
    collocation: int
    """Collocation points an epoch, before refinement adds to them."""
    nodes: int
    """Quadrature nodes of the birth integral, for each collocation point."""
    coarse_nodes: int
    """The same where a recipe takes few."""
    times: int
    """Collocation times where points share them: times `coarse_nodes`, about as many points as `collocation`."""
    chunk: int
    """Points of one chunk where the residual is computed in chunks; no divisor of `collocation`."""
    recompute_chunk: int
    """The same where the backward pass recomputes what a chunk's birth terms are made from."""
    refine_every: int
    """Epochs from one refinement to the next."""
    percentile: int
    """A pool point whose residual is at or above this percentile is refined."""
    pool: int
    """Points of the pool where refinement evaluates all of it, before it grows."""
    wide_pool: int
    """Points of the pool where refinement evaluates only a sample; more than `pool_cap`, so that the cap binds."""
    sample: int
    """Points of that sample."""
    first: int
    """The most points that a capped refinement adds. As published, it is more than the percentile lets through."""
    pool_cap: int
    slots: int
    """Rows of the batch that a sound refinement fills; the others stay uniform."""
    weight_refresh: int
    """Epochs for which cached loss weights are kept."""
    steady_epochs: int
    """Epochs that a comparison samples in each of its blocks, unless told otherwise."""

    def half(self) -> Self:
        """Half the data and collocation points an epoch."""
        return replace(self, data=self.data // 2, collocation=self.collocation // 2, times=max(self.times // 2, 1))


SMOKE = Scale(
    name="smoke",
    epochs=6000,
    layers=4,
    width=32,
    data=32,
    collocation=64,
    nodes=60,
    coarse_nodes=16,
    times=4,
    chunk=30,
    recompute_chunk=16,
    refine_every=1500,
    percentile=80,
    pool=40,
    wide_pool=400,
    sample=80,
    first=20,
    pool_cap=320,
    slots=16,
    weight_refresh=200,
    steady_epochs=1200,
)
"""Milliseconds an epoch: enough to exercise every line, too small to learn much. There are so many of them that they
are most of a training, as they are at the published size; so RAR refines three times, like at `laptop`."""

LAPTOP = Scale(
    name="laptop",
    epochs=1500,
    layers=4,
    width=128,
    data=32,
    collocation=64,
    nodes=500,
    coarse_nodes=41,
    times=2,
    chunk=30,
    recompute_chunk=16,
    refine_every=400,
    percentile=80,
    pool=32,
    wide_pool=320,
    sample=64,
    first=16,
    pool_cap=256,
    slots=16,
    weight_refresh=50,
    steady_epochs=24,
)
"""The published quadrature on 1/32 of the points. Tracing is most of what a comparison waits for, so the network is
half as deep, and RAR refines three times, not fourteen, by the 80th percentile, which lets the batch grow by 39 % in
all (by 48 % at the published sizes)."""

PAPER = Scale(
    name="paper",
    epochs=3000,
    layers=8,
    width=128,
    data=1024,
    collocation=2048,
    nodes=500,
    coarse_nodes=41,
    times=50,
    chunk=1000,
    recompute_chunk=256,
    refine_every=200,
    percentile=95,
    pool=1000,
    wide_pool=10_000,
    sample=2000,
    first=500,
    pool_cap=8000,
    slots=512,
    weight_refresh=100,
    steady_epochs=12,
)
"""The published sizes."""

SCALES = {scale.name: scale for scale in (SMOKE, LAPTOP, PAPER)}
