"""The list of metrics. A new one is a line in its module, or a call of `register`."""

from harness.analysis.metrics import counts, memory, results, times
from harness.analysis.metrics.base import Metric
from harness.errors import BadInput
from harness.suggest import nearest

METRICS: dict[str, Metric] = {
    metric.name: metric for metric in (*times.METRICS, *memory.METRICS, *counts.METRICS, *results.METRICS)
}
"""All metrics by public name, in the order in which they are shown."""
BUILT_IN = frozenset(METRICS)
"""The names of the metrics that the tables of the reports know. Those of others are in a table of their own."""


_GATED_WITH_NOISE = frozenset(name for name, metric in METRICS.items() if metric.gated and not metric.deterministic)
"""The metrics with noise that gates have a comparison for."""


def register(metric: Metric) -> None:
    """Add a metric, which reports, claims, CSV, JSON and, if it is `gated`, gates then have as well.

    Raises BadInput for a gated metric with noise: a gate compares registered metrics exactly, so noise would fail it.
    """
    if metric.gated and not metric.deterministic and metric.name not in _GATED_WITH_NOISE:
        raise BadInput(
            f"The metric {metric.name!r} cannot be gated: a gate compares registered metrics exactly, and this is not"
            " deterministic. Register it with gated=False, or with deterministic=True if two runs give the same value."
        )
    METRICS[metric.name] = metric


def metric_of(name: str, where: str) -> tuple[Metric, str]:
    """Return the metric `name` and, for a family, the member: for `quality.error` that is `error`. Former names are
    accepted. Raises BadInput, beginning with `where`, for an unknown name."""
    family, _, member = name.partition(".")
    found = METRICS.get(family) or next((one for one in METRICS.values() if family in one.formerly), None)
    if found is None or bool(found.members) != bool(member):
        known = [f"{metric.name}.NAME" if metric.members else metric.name for metric in METRICS.values()]
        raise BadInput(f"{where}: there is no metric {name!r}; {nearest(name, known)}")
    return found, member
