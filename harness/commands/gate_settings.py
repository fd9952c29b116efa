"""A gate's options: `[tool.harness.gate]` of pyproject.toml, overridden by the command line.

    [tool.harness.gate]
    scale = "smoke"
    budget = "2min"
    unsure = "warn"

    [tool.harness.gate.tolerance]
    epoch_time = 0.05           # a fraction; false: not gated
    losses = "rounding"

    [tool.harness.gate.variants.moments]
    epoch_time = 0.10

Each variant to gate has a table with the tolerances that differ for it; `variants = ["a", "b"]` is enough if none
differ.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from harness.errors import BadInput
from harness.plan.gate_rules import LOSSES, TIMES, Losses, Tolerances, Unsure
from harness.suggest import nearest

if TYPE_CHECKING:
    from harness.analysis.metrics.base import Metric

FILE = "pyproject.toml"
_TABLE = "tool.harness.gate"
_LOSSES = get_args(Losses)
_OFF = ("off", "false")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of the table; None means that a key is absent."""

    case: str | None = None
    scale: str | None = None
    epochs: int | None = None
    blocks: int | None = None
    budget: str | None = None
    seed: int | None = None
    threads: int | None = None
    timeout: float | None = None
    unsure: Unsure | None = None
    allow: list[str] = []
    tolerance: dict[str, Any] = {}
    variants: list[str] | dict[str, dict[str, Any]] = []


@dataclass(frozen=True)
class GateOptions:
    """A gate's settings, and each variant's tolerances, which are validated."""

    settings: Settings = field(default_factory=Settings)
    common: Mapping[str, Any] = field(default_factory=dict)
    """Tolerances of pyproject.toml for all variants, by metric."""
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Tolerances of pyproject.toml that override `common`, by variant and metric."""
    forced: Mapping[str, Any] = field(default_factory=dict)
    """Tolerances of the command line, which override all others, by metric."""

    @property
    def variants(self) -> list[str]:
        """The variants that pyproject.toml lists."""
        return list(self.own)

    def tolerances(self, variant: str) -> Tolerances:
        """The tolerances of a variant; None or absent is not gated."""
        defaults = {name: metric.tolerance for name, metric in _select_gated_metrics().items()}
        return Tolerances({**defaults, **self.common, **self.own.get(variant, {}), **self.forced})

    def with_options(self, tolerances: Sequence[str], unsure: str | None, allow: Sequence[str]) -> "GateOptions":
        """These options, overridden by those of the command line.

        A tolerance is `0.05`, for both epoch and total time, `METRIC=VALUE` or `METRIC=off`. Raises BadInput if one is
        invalid.
        """
        if unsure not in (None, *get_args(Unsure)):
            raise BadInput(f"--unsure must be one of {', '.join(get_args(Unsure))}, not {unsure!r}.")
        changes = {"allow": [*self.settings.allow, *allow]} | ({"unsure": unsure} if unsure else {})
        forced: dict[str, Any] = {}
        for option in tolerances:
            metric, equals, text = option.rpartition("=")
            metrics = [metric] if equals else TIMES[:2]
            for name in metrics:
                forced[name] = _check_tolerance(name, _parse_value(text), f"--tolerance {option}")
        return replace(self, settings=msgspec.structs.replace(self.settings, **changes), forced=forced)


def read(folder: Path) -> GateOptions:
    """Read the nearest pyproject.toml, from `folder` upwards; defaults if there is none. Raises BadInput."""
    path = next((path for path in (place / FILE for place in (folder, *folder.parents)) if path.is_file()), None)
    if path is None:
        return GateOptions()
    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not TOML: {error}.") from None
    for key in _TABLE.split("."):
        table = table.get(key, {}) if isinstance(table, dict) else {}
    return _read_table(table, path)


def _read_table(table: Any, path: Path) -> GateOptions:
    where = f"{path}, [{_TABLE}]"
    if not isinstance(table, dict):
        raise BadInput(f"{where} is not a table.")
    known = [field.name for field in msgspec.structs.fields(Settings)]
    for key in table:
        if key not in known:
            place = (
                "belongs in [tool.harness.gate.tolerance]." if key in _select_gated_metrics() else nearest(key, known)
            )
            raise BadInput(f"{where} has no key {key!r}: {place}")
    try:
        settings = msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        raise BadInput(f"{where}: {error}.") from None
    common = _check_tolerances(settings.tolerance, f"{path}, [{_TABLE}.tolerance]")
    own = settings.variants if isinstance(settings.variants, dict) else {name: {} for name in settings.variants}
    return GateOptions(
        settings,
        common,
        {name: _check_tolerances(values, f"{path}, [{_TABLE}.variants.{name}]") for name, values in own.items()},
    )


def _check_tolerances(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    return {metric: _check_tolerance(metric, value, where) for metric, value in values.items()}


def _check_tolerance(metric: str, value: Any, where: str) -> Any:
    """A tolerance in its proper type; None for `false`. Raises BadInput if the metric does not allow this value."""
    gated = _select_gated_metrics()
    if metric not in gated:
        raise BadInput(f"{where}: there is no metric {metric!r}: {nearest(metric, gated)}")
    if value is False:
        return None
    if metric == LOSSES:
        if value not in _LOSSES:
            raise BadInput(f"{where}: {metric} must be one of {', '.join(_LOSSES)}, or off, not {value!r}.")
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0
    if gated[metric].unit == "count":
        if not number or value != int(value):
            raise BadInput(f"{where}: {metric} must be a whole number of at least 0, or off, not {value!r}.")
        return int(value)
    if not number or (metric in TIMES and not 0 < value <= 1):
        least = "above 0 and at most 1" if metric in TIMES else "of at least 0"
        raise BadInput(f"{where}: {metric} must be a share {least}, such as 0.05 for 5 %, or off, not {value!r}.")
    return float(value)


def _select_gated_metrics() -> "dict[str, Metric]":
    """The metrics that a gate can check, by name."""
    from harness.analysis.metrics.registry import METRICS  # imported here because it loads pandas

    return {name: metric for name, metric in METRICS.items() if metric.gated}


def _parse_value(text: str) -> Any:
    """The value of a tolerance on the command line: False, a number, or a word."""
    if text.strip().lower() in _OFF:
        return False
    try:
        return float(text)
    except ValueError:
        return text
