"""The physical cases and the settings of their training. This imports nothing heavy; the solutions are in `exact`.

Uniform binary breakage of particles of volume v, with number density f(v, t):

    df/dt(v, t) = integral from v to infinity of (2/v') S(v') f(v', t) dv'  -  S(v) f(v, t)

Volume and time are dimensionless, in units of the mean initial volume and of the inverse selection rate at that volume.

If all particles start with v = 1, the unbroken ones remain a Dirac delta there, and all others are smaller:

    f(v, t) = A(t) delta(v - 1) + g(v, t) for v < 1,   dA/dt = -S(1) A,   A(0) = 1

A grid would represent the delta with an error of the width of a cell, so A is treated separately. Network, nodes and
points only represent g, and the contribution of the delta to the birth term, 2 S(1) A(t), is added.
"""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Case:
    """One equation with its domain, and the published settings of its training."""

    name: str
    power: int
    """The selection function (breakage rate) is S(v) = v**power."""
    initial: Literal["exponential", "monodisperse"]
    """The initial density f(v, 0): e^-v, or all particles at v = 1."""
    v_range: tuple[float, float]
    """The domain of v. If all particles start at v = 1, the density above it is 0."""
    t_end: float
    data_times: tuple[float, ...]
    """The times at which the solution is given as data."""
    learning_rate: float
    physics_weight: float
    """The full weight of the physics loss."""

    @property
    def monodisperse(self) -> bool:
        """Whether part of the density is a delta at v = 1."""
        return self.initial == "monodisperse"

    @property
    def support(self) -> tuple[float, float]:
        """The part of `v_range` in which the density is not identically 0."""
        low, high = self.v_range
        return (low, min(high, 1.0)) if self.monodisperse else self.v_range

    def selection(self, v: Any) -> Any:
        """Return S(v) for a number, a NumPy array or a tensor."""
        return v**self.power


CASE1 = Case(
    name="case1",
    power=1,
    initial="exponential",
    v_range=(1e-3, 10.0),
    t_end=10.0,
    data_times=(0.0, 2.0, 5.0, 10.0),
    learning_rate=1e-3,
    physics_weight=100.0,
)

CASE2 = Case(
    name="case2",
    power=2,
    initial="exponential",
    v_range=(1e-3, 100.0),
    t_end=5.0,
    data_times=(0.0, 1.0, 2.0, 5.0),
    learning_rate=5e-4,
    physics_weight=50.0,
)

CASE3 = Case(
    name="case3",
    power=1,
    initial="monodisperse",
    v_range=(1e-4, 1.0),
    t_end=1000.0,
    data_times=(0.0, 200.0, 500.0, 1000.0),
    learning_rate=5e-4,
    physics_weight=75.0,
)

CASE4 = Case(
    name="case4",
    power=2,
    initial="monodisperse",
    v_range=(1e-4, 1.5),
    t_end=2000.0,
    data_times=(0.0, 500.0, 1000.0, 2000.0),
    learning_rate=5e-4,
    physics_weight=75.0,
)

CASES = {case.name: case for case in (CASE1, CASE2, CASE3, CASE4)}
