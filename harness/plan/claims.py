"""What somebody claims, in a form that a run can be held against."""

from typing import Literal

import msgspec


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One claim: `arm` has less, more or the same of `metric` than `baseline` has."""

    words: str
    """As they were said."""
    metric: str
    arm: str
    relation: Literal["less", "more", "same", "not less", "not more"] = msgspec.field(name="is")
    place: str = ""
    """Where they were said."""
    baseline: str | None = None
    """None is the run's; of growth, the arm itself at its beginning."""
    factor: float | None = None
    """Of less or more: at least so many times. Without it, any difference that matters."""
    kind: str | None = None
    """Of a metric that differs between kinds of epochs: which kind."""
    tolerance: float | None = None
    """The difference that does not matter, as a share; None is the run's."""
