"""What somebody claims, in a form that a run can be held against: a TOML file of `[[claim]]` tables.

[[claim]]
words = "Replace TFP percentile with tf.nn.moments (10x faster)"
place = "Performance Optimizations Summary"
arm = "moments"
baseline = "original"
metric = "epoch_seconds"
is = "less"
factor = 10
"""

import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from harness.errors import BadInput
from harness.suggest import nearest

TIMES = ("cost", "epoch_seconds")
"""`cost` is that of the whole schedule, `epoch_seconds` that of an epoch of one kind, the commonest unless it says."""
COUNTS = ("traces", "retraces", "compilations", "flops_per_epoch", "peak_tensor_bytes")
"""What is counted: figures without an interval."""
METRICS = (*TIMES, "peak_rss_bytes", *COUNTS, "objective")
FAMILIES = ("growth", "quality")
"""Metrics whose names the trainer gives: `growth.batch_points` is that size where the last stretch of its schedule
begins relative to that at its beginning, `quality.misplaced_mass` that metric at the end of whole trainings."""


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
    """Of `epoch_seconds`: epochs of which kind."""
    tolerance: float | None = None
    """The difference that does not matter, as a share; None is the run's."""


def read(path: Path) -> list[Claim]:
    """The claims in a file. Raises BadInput, with one sentence, for one that is no such file."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"There are no readable claims at {path}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not TOML: {error}.") from None
    _known(data, ["claim"], str(path), "")
    tables = data.get("claim")
    if not isinstance(tables, list) or not tables:
        raise BadInput(f"{path} has no claims: each is a table [[claim]].")
    return [_claim(table, f"{path}, claim {number}") for number, table in enumerate(tables, start=1)]


def _claim(table: Any, where: str) -> Claim:
    if isinstance(table, dict):
        _known(table, Claim.__struct_encode_fields__, where, "key ")
    try:
        claim = msgspec.convert(table, Claim)
    except msgspec.ValidationError as error:
        raise BadInput(f"{where}: {error}.") from None
    family, dot, name = claim.metric.partition(".")
    if claim.metric not in METRICS and not (family in FAMILIES and dot and name):
        known = [*METRICS, *(f"{family}.NAME" for family in FAMILIES)]
        raise BadInput(f"{where}: there is no metric {claim.metric!r}; {nearest(claim.metric, known)}")
    for complaint in _complaints(claim, family):
        raise BadInput(f"{where}: {complaint}")
    return claim


def _complaints(claim: Claim, family: str) -> list[str]:
    """What makes no sense together."""
    found = []
    if claim.factor is not None and claim.relation not in ("less", "more"):
        found.append(f"a factor is of less or more, not of {claim.relation!r}.")
    if claim.factor is not None and not 1 < claim.factor < float("inf"):
        found.append(f"factor must be more than 1, such as 10 for ten times, not {claim.factor:g}.")
    if claim.tolerance is not None and not 0 < claim.tolerance <= 1:
        found.append(f"tolerance must be a share above 0 and at most 1, not {claim.tolerance:g}.")
    if claim.kind is not None and claim.metric != "epoch_seconds":
        found.append(f"kind is for the metric epoch_seconds, not for {claim.metric}.")
    if claim.metric == "objective" and claim.relation != "same":
        found.append(f"an objective can be the same, not {claim.relation!r}.")
    if family == "growth" and claim.baseline is not None:
        found.append("growth is held against the arm's own beginning: leave baseline out.")
    return found


def _known(table: dict[str, Any], keys: list[str] | tuple[str, ...], where: str, what: str) -> None:
    for key in table:
        if key not in keys:
            raise BadInput(f"{where}: there is no {what}{key!r}; {nearest(key, keys)}")
