"""The charts that reports show, each from what a run came to."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from harness.analysis.comparison.ablation import Attribution
from harness.analysis.profile.memory_line import samples
from harness.analysis.training.convergence import Standing
from harness.analysis.training.curves import trainings
from harness.record.lines import Lines
from harness.record.schema import MEMORY_LINE
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
    rows = [Row(arm.name, arm.ratio, arm.verdict, _ended(arm), arm.name == summary.baseline) for arm in summary.arms]
    return ratios(rows, summary.baseline, what, summary.tolerance)


def shares_of(found: Attribution) -> Figure | None:
    logs = [(change.name, change.log_ratio) for change in found.changes]
    shares = [Share(name, log.estimate, log.low, log.high) for name, log in logs if log]
    return waterfall(shares, found.start, found.goal)


def _ended(arm: ArmSummary) -> str:
    """Whether it ran, and when it failed; why is too long for a chart."""
    return f"failed {(arm.reason or '').partition(':')[0]}" if arm.status == "failed" else arm.status


def errors_of(summary: Summary, record: Lines) -> list[Figure]:
    metric = convergence.leading_metric(summary)
    if metric is None:
        return []
    curves, yardsticks = [], []
    for arm in summary.arms:
        own = arm.convergence
        if own and own.reference:
            yardsticks += list(_best_step(arm.name, own.curve, metric))
        elif own:
            curves.append(Curve(arm.name, trainings(record, arm.name), own.curve))
    target = record.plan.target
    if target and target.metric == metric:
        yardsticks.append(Yardstick(f"target {target.value:g}", target.value))
    return errors(curves, metric, [one for one in yardsticks if one.value > 0])


def _best_step(name: str, steps: Sequence[Standing], metric: str) -> Iterator[Yardstick]:
    """A reference's lowest error, and what that step took."""
    found = [(at.metrics[metric].mean, at.seconds) for at in steps if metric in at.metrics]
    known = [(value, seconds) for value, seconds in found if value is not None]
    if known:
        value, seconds = min(known)
        yield Yardstick(f"{short(name, 28)}: {units.number(value)} in {units.seconds(seconds)}", value)


def memory_of(summary: Summary, directory: Path) -> Iterator[Figure | None]:
    with suppress(OSError):  # it is an extra, and the record is not in it
        text = (directory / "logs" / MEMORY_LINE).read_text(errors="replace")
        yield memory(samples(text.splitlines()), summary.arms[0].name)
