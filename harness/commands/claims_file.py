"""Reads claims, which a run is checked against, from a TOML file of `[[claim]]` tables.

[[claim]]
words = "Replace TFP percentile with tf.nn.moments (10x faster)"
place = "Performance Optimizations Summary"
arm = "moments"
baseline = "original"
metric = "epoch_time"
is = "less"
factor = 10
"""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from harness.errors import BadInput
from harness.plan.claims import Claim, ClaimRelation
from harness.plan.gate_rules import EPOCH_TIME, GROWTH, LOSSES, OBJECTIVE
from harness.suggest import nearest

if TYPE_CHECKING:
    from harness.analysis.metrics.base import Metric


def read(path: Path) -> list[Claim]:
    """Read the claims in a file. Raises BadInput, in one sentence, if it is not a valid file of claims."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"There are no readable claims at {path}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not TOML: {error}.") from None
    _check_keys(data, ["claim"], str(path), "")
    tables = data.get("claim")
    if not isinstance(tables, list) or not tables:
        raise BadInput(f"{path} has no claims: write each as a table [[claim]].")
    return [_read_claim(table, f"{path}, claim {number}") for number, table in enumerate(tables, start=1)]


def _read_claim(table: Any, where: str) -> Claim:
    if isinstance(table, dict):
        _check_keys(table, Claim.__struct_encode_fields__, where, "key ")
    try:
        claim = msgspec.convert(table, Claim)
    except msgspec.ValidationError as error:
        raise BadInput(f"{where}: {error}.") from None
    from harness.analysis.metrics.registry import metric_of  # imported here because it loads pandas

    metric, _ = metric_of(claim.metric, where)
    for problem in _find_problems(claim, metric):
        raise BadInput(f"{where}: {problem}")
    return claim


def _find_problems(claim: Claim, metric: "Metric") -> list[str]:
    """Values that are out of range or contradict each other, one sentence for each."""
    found = []
    if claim.factor is not None and claim.relation not in (ClaimRelation.LESS, ClaimRelation.MORE):
        found.append(f"a factor goes with less or more, not with '{claim.relation}'.")
    if claim.factor is not None and not 1 < claim.factor < float("inf"):
        found.append(f"factor must be more than 1, such as 10 for ten times, not {claim.factor:g}.")
    if claim.tolerance is not None and not 0 < claim.tolerance <= 1:
        found.append(f"tolerance must be a share above 0 and at most 1, not {claim.tolerance:g}.")
    if claim.kind is not None and metric.name != EPOCH_TIME:
        found.append(f"kind is for the metric {EPOCH_TIME}, not for {claim.metric}.")
    if metric.name in (OBJECTIVE, LOSSES) and claim.relation != ClaimRelation.SAME:
        found.append(f"an objective can only be claimed to be the same, not '{claim.relation}'.")
    if metric.name == GROWTH and claim.baseline is not None:
        found.append("growth is compared with the arm's own beginning: leave baseline out.")
    return found


def _check_keys(table: dict[str, Any], keys: list[str] | tuple[str, ...], where: str, what: str) -> None:
    for key in table:
        if key not in keys:
            raise BadInput(f"{where}: there is no {what}{key!r}; {nearest(key, keys)}")
