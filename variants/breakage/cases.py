"""Which equation: the physical cases and how each is trained. It imports nothing heavy; the solutions are in `exact`.

Uniform binary breakage of particles of volume v, with number density f(v, t):

    df/dt(v, t) = integral from v to infinity of (2/v') S(v') f(v', t) dv'  -  S(v) f(v, t)

Volume and time are dimensionless: in units of the mean initial volume, and of one over the selection rate at it.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """One equation with its domain, and the published settings of its training."""

    name: str
    power: int
    """The selection function (breakage rate) is S(v) = v**power."""
    v_range: tuple[float, float]
    t_end: float
    data_times: tuple[float, ...]
    """The times at which the solution is given as data."""
    learning_rate: float
    physics_weight: float
    """The weight of the physics loss once it is fully in."""

    def selection(self, v: Any) -> Any:
        """S(v) for a number, a NumPy array or a tensor."""
        return v**self.power


CASE1 = Case(
    name="case1",
    power=1,
    v_range=(1e-3, 10.0),
    t_end=10.0,
    data_times=(0.0, 2.0, 5.0, 10.0),
    learning_rate=1e-3,
    physics_weight=100.0,
)

CASE2 = Case(
    name="case2",
    power=2,
    v_range=(1e-3, 100.0),
    t_end=5.0,
    data_times=(0.0, 1.0, 2.0, 5.0),
    learning_rate=5e-4,
    physics_weight=50.0,
)

CASES = {case.name: case for case in (CASE1, CASE2)}
