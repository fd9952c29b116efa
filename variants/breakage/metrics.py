"""What is measured of a trained variant, by name; 0 is best. `quality` and `floors` do it, this imports nothing.

A floor belongs to the quadrature, not to the training: what an otherwise perfect network would still get wrong.
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
"""By `quality.quality`, of a prediction."""

FLOORS = ("floor_residual", "floor_misplaced_mass")
"""By `floors.floors`, of a rule and its nodes."""

METRICS = MEASURED + FLOORS
