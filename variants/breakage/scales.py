"""The sizes of a training. They are chosen so that a limit that takes effect at full size does so at every scale."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class Scale:
    """The sizes of one training."""

    name: str
    epochs: int
    layers: int
    """Number of hidden layers of the network."""
    width: int
    data: int
    """Number of data points per epoch."""
    collocation: int
    """Number of collocation points per epoch, without those that refinement adds."""
    nodes: int
    """Number of quadrature nodes of the birth integral, for each collocation point."""
    coarse_nodes: int
    """Number of quadrature nodes in recipes with a coarse grid."""
    times: int
    """Number of collocation times in recipes where points share times. Multiplied by `coarse_nodes`, it gives about as
    many points as `collocation`."""
    chunk: int
    """Number of points in a chunk if the residual is computed in chunks. It does not divide `collocation`."""
    recompute_chunk: int
    """Number of points in a chunk if the backward pass recomputes the birth term."""
    refine_every: int
    """Number of epochs from one refinement to the next."""
    percentile: int
    """Pool points with residuals at or above this percentile are refined."""
    pool: int
    """Initial number of points in the pool, if refinement evaluates the whole pool."""
    wide_pool: int
    """Initial number of points in the pool, if refinement evaluates a sample. It exceeds `pool_cap`, so that the cap
    takes effect."""
    sample: int
    """Number of points in that sample."""
    first: int
    """Maximum number of points that a capped refinement adds. As published, the percentile selects fewer points."""
    pool_cap: int
    """Maximum number of points in the pool of a capped refinement."""
    slots: int
    """Number of rows of the batch that a sound refinement fills. The others stay uniform."""
    weight_refresh: int
    """Number of epochs for which cached loss weights are kept."""
    steady_epochs: int
    """Default number of epochs that a comparison samples in each block."""

    def half(self) -> Self:
        """Return this scale with half of the data and collocation points per epoch."""
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
"""Epochs of milliseconds, which run all of the code but learn little. There are so many that epochs take most of the
time of a training, as at the published size. RAR refines three times, as at `laptop`."""

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
"""The published quadrature on 1/32 of the points. Tracing takes most of the time of a comparison, so the network is
half as deep, and RAR refines 3 times instead of 14 times. Its percentile is 80, which lets the batch grow by 39 % in
total (48 % at the published sizes)."""

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
