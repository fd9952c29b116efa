"""The charts of reports, made from a summary and its record."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from harness import rounding
from harness.analysis.comparison.shares_of_changes import Attribution
from harness.analysis.profile.rss_samples import samples
from harness.analysis.training.convergence import Standing
from harness.analysis.training.curves import trainings
from harness.record.lines import Lines
from harness.record.schema import RSS_SAMPLES
from harness.report import units
from harness.report.charts.epochs import epochs as epochs
from harness.report.charts.errors import Curve, Yardstick, errors
from harness.report.charts.figure import Figure
from harness.report.charts.memory import memory
from harness.report.charts.ratios import Row, ratios
from harness.report.charts.waterfall import Share, waterfall
from harness.report.names import short
from harness.report.sections import convergence, scopes
from harness.report.summary import ArmSummary, Summary


def ratios_of(summary: Summary) -> Figure | None:
    what = f"Of {'the ' if summary.whole else ''}{scopes.whole(summary)}"
    rows = [
        Row(arm.name, arm.ratio, arm.verdict, _describe_end(arm), arm.name == summary.baseline) for arm in summary.arms
    ]
    return ratios(rows, summary.baseline, what, summary.tolerance)


def shares_of(found: Attribution) -> Figure | None:
    logs = [(change.name, change.log_ratio) for change in found.changes]
    shares = [Share(name, log.estimate, log.low, log.high) for name, log in logs if log]
    return waterfall(shares, found.start, found.goal)


def _describe_end(arm: ArmSummary) -> str:
    """Whether the arm ran, and when it failed. The reason is too long for a chart."""
    return f"failed {(arm.reason or '').partition(':')[0]}" if arm.status == "failed" else arm.status


def errors_of(summary: Summary, record: Lines) -> list[Figure]:
    metric = convergence.leading_metric(summary)
    if metric is None:
        return []
    curves, yardsticks = [], []
    for arm in summary.arms:
        own = arm.convergence
        if own and own.reference:
            yardsticks += list(_find_best_step(arm.name, own.curve, metric))
        elif own:
            curves.append(Curve(arm.name, trainings(record, arm.name), own.curve))
    target = record.plan.target
    if target and target.metric == metric:
        yardsticks.append(Yardstick(f"target {rounding.given(target.value)}", target.value))
    return errors(curves, metric, [one for one in yardsticks if one.value > 0])


def _find_best_step(name: str, steps: Sequence[Standing], metric: str) -> Iterator[Yardstick]:
    """A reference's lowest error, and the time of that step."""
    found = [(at.metrics[metric].mean, at.seconds) for at in steps if metric in at.metrics]
    known = [(value, seconds) for value, seconds in found if value is not None]
    if known:
        value, seconds = min(known)
        yield Yardstick(f"{short(name, 28)}: {units.number(value)} in {units.seconds(seconds)}", value)


def memory_of(summary: Summary, directory: Path) -> Iterator[Figure | None]:
    with suppress(OSError):  # the chart is an extra: without the file there is none
        text = (directory / "logs" / RSS_SAMPLES).read_text(errors="replace")
        yield memory(samples(text.splitlines()), summary.arms[0].name)
