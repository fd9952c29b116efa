"""The names of the metrics of a trained variant, for all of which 0 is best. This module imports nothing.

`quality` and `floors` compute them. A floor is a property of the quadrature and not of the training: the error that an
otherwise perfect network would still have.
"""

MEASURED = (
    "misplaced_mass",
    "misplaced_mass_mean",
    "relative_l2_at_T/1000",
    "relative_l2_at_T/100",
    "relative_l2_at_T/10",
    "relative_l2_at_T",
    "number_error",
    "mass_error",
    "log10_error",
)
"""The metrics of a prediction, from `quality.quality`."""

FLOORS = ("floor_residual", "floor_misplaced_mass")
"""The metrics of a quadrature rule and its nodes, from `floors.floors`."""

METRICS = MEASURED + FLOORS
