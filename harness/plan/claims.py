"""Claims about a run, in a form that can be checked against its measurements."""

from enum import StrEnum

import msgspec


class ClaimRelation(StrEnum):
    """How the claim says the arm compares with its baseline."""

    LESS = "less"
    MORE = "more"
    SAME = "same"
    NOT_LESS = "not less"
    NOT_MORE = "not more"


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One claim: `arm` has less, more or the same of `metric` compared with `baseline`."""

    words: str
    """The claim in its author's own words."""
    metric: str
    arm: str
    relation: ClaimRelation = msgspec.field(name="is")
    place: str = ""
    """Where the claim was made."""
    baseline: str | None = None
    """The arm to compare with. None means the run's baseline; for growth, the start of the arm itself."""
    factor: float | None = None
    """For less or more: the least factor claimed. None means any difference beyond the tolerance."""
    kind: str | None = None
    """The kind of epochs, if the metric differs between kinds."""
    tolerance: float | None = None
    """The relative difference that does not matter, as a fraction. None means the run's tolerance."""
