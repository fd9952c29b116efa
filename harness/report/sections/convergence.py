"""The results of whole trainings, as tables and sentences."""

from collections.abc import Callable, Iterator
from math import inf, isinf

from harness import rounding
from harness.analysis.stats.medians import Median
from harness.analysis.training.convergence import FEWEST_SEEDS, Convergence, Quality, Standing, ToTarget
from harness.report import units
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Cell, Table
from harness.report.wording import words

REFERENCE_STEPS = 4
"""How many steps of a reference a report shows: its best ones."""
METHOD = (
    "For each seed every arm is trained from start to end in a new process. The arms take turns in random order, a"
    " part of their training each, and only one computes at a time, so whatever else the machine does affects all of"
    " them alike. After each part the training is evaluated, a program by the losses that it reported last; evaluating"
    " and building are not timed. The time of a"
    " training is that of its epochs, tracing in first epochs included. The sampling unit is the seed: means of"
    " metrics are geometric, with Student's t interval of their logarithms; times to a target are medians with order"
    " statistics as their interval, and a training that never reached the target counts as infinite."
)


def headline(summary: Summary) -> str:
    """When each arm reached the target or, without a target, its metric at the end."""
    return _describe_target(summary) or _describe_end(summary)


def _describe_target(summary: Summary) -> str:
    """The arms that reached the target, fastest first, and those that did not."""
    ended = []
    for arm in summary.arms:
        goal = arm.convergence.to_target if arm.convergence and not arm.convergence.reference else None
        if goal and goal.seconds:
            ended.append((goal.seconds.estimate, arm.name, f"{goal.metric} <= {rounding.given(goal.value)}"))
    there = [f"{name} in {units.seconds(took) if took else '0 s'}" for took, name, _ in sorted(ended) if took < inf]
    never = [name for took, name, _ in ended if took == inf]
    if not there:
        return f"No training reached {ended[0][2]}." if ended else ""
    others = f"; {words.listed(never)} never reached it" if never else ""
    return f"To {ended[0][2]}: {words.listed(there)} of training{others}."


def _describe_end(summary: Summary) -> str:
    """The metric of each arm at the end, best first."""
    metric = leading_metric(summary)
    found = []
    for arm in summary.arms:
        own = arm.convergence
        if own and own.final and not own.reference and metric in own.final.metrics:
            middle = own.final.metrics[metric].geometric_mean
            after = units.seconds(own.final.seconds)
            found += [(middle.estimate, f"{arm.name} {units.number(middle.estimate)} after {after}")] if middle else []
    over = f", over {summary.blocks} seeds" if summary.blocks > 1 else ""
    return f"{metric} at the end{over}: {words.listed([text for _, text in sorted(found)])}." if found else ""


def tables(summary: Summary) -> list[Table]:
    """Metrics at equal epochs and at equal time, times to the target, and every metric at the end."""
    found = [standings(summary), times_to_target(summary), metrics_at_the_end(summary)]
    return [table for table in found if table is not None]


def standings(summary: Summary) -> Table:
    """The main table: one row per trained arm, and one for each of the best steps of a reference."""
    metric = leading_metric(summary)
    shared = next((own for _, own in _select_converged(summary) if own.equal_epochs and own.equal_time), None)
    columns, note = ["arm", "epochs", "one training"], "One training: the time of its epochs, the median over seeds."
    if shared and shared.equal_epochs and shared.equal_time and metric:
        seconds = units.seconds(shared.equal_time.limit)
        columns += [f"at {rounding.count(shared.equal_epochs.limit)} epochs", f"after {seconds}"]
        ends = {own.final.epochs for _, own in _select_converged(summary) if own.final and not own.reference}
        if ends != {shared.equal_epochs.limit}:
            columns.append("at its end")
        note += (
            f" {metric}: the geometric mean over seeds at the last evaluation before that point; lower is better. The"
            f" fastest training was over after {seconds}."
        )
    elif metric:
        columns.append("at its end")
        note += f" {metric}: the geometric mean over seeds; lower is better."
    limits = len(columns) > 4
    rows = []
    for arm, own in _select_converged(summary):
        if own.reference:
            for what, took, *cells in _make_step_cells(own, metric):
                rows.append([_name_arm(arm), what, took, *(cells if limits else cells[2:])][: len(columns)])
        else:
            ats = [at.standing if at else None for at in (own.equal_epochs, own.equal_time)]
            qualities = [_format_quality(standing, metric, own) for standing in [*ats, own.final]]
            qualities[1] = Cell(qualities[1] + _describe_early(ats[1], own), qualities[1].value)
            shown = qualities if limits else qualities[2:]
            rows.append([arm.name, _format_epochs(own), _format_training_time(arm, own), *shown][: len(columns)])
    if any("[" in cell for row in rows for cell in row[3:]):
        note += " In brackets: its 95 % interval."
    if any(" and " in cell for row in rows for cell in row[3:]):
        note += " In parentheses: the values of two seeds, which are too few for an interval."
    if any(own.reference for _, own in _select_converged(summary)):
        note += " A reference is not trained: each of its steps is a result of its own."
    return Table(f"{metric} of whole trainings" if metric else "Whole trainings", columns, rows, note)


def times_to_target(summary: Summary) -> Table | None:
    """When each arm first reached the target."""
    rows, coverages = [], set()
    what = ""
    for arm, own in _select_converged(summary):
        goal = own.to_target
        if goal is None:
            continue
        what = f"{goal.metric} <= {rounding.given(goal.value)}"
        seconds, epochs = (_format_median(goal.seconds, _format_seconds), _format_median(goal.epochs, _format_whole))
        rows.append([_name_arm(arm), seconds, epochs, _format_reached(goal)])
        if goal.seconds and goal.seconds.coverage:
            coverages.add(rounding.probability(goal.seconds.coverage))
    if not rows:
        return None
    note = "The time of the first evaluation at or below the target: the median over seeds"
    if coverages:
        note += f", with an interval that holds the true one with a probability of {' or '.join(sorted(coverages))}"
    return Table(f"To {what}", ["arm", "training time", "epochs", "reached"], rows, f"{note}.")


def _format_reached(goal: ToTarget) -> Cell:
    return Cell(f"{goal.reached} of {words.many(goal.trainings, 'seed')}", goal.reached)


def metrics_at_the_end(summary: Summary) -> Table | None:
    """Every metric at the end of the trainings: one row per metric, one column per arm."""
    ends = [(arm, own.final) for arm, own in _select_converged(summary) if own.final]
    names = dict.fromkeys(name for _, final in ends for name in final.metrics)
    if not names:
        return None
    rows = [[name, *(_format_mean(final.metrics.get(name)) for _, final in ends)] for name in names]
    stopped = [f"{arm.name} after {final.epochs} epochs" for arm, final in ends if not _is_done(arm)]
    note = "The mean over seeds, at the end of the trainings"
    note += f"; not trained to the end: {', '.join(stopped)}." if stopped else "."
    return Table("Every metric at the end", ["metric", *(_name_arm(arm) for arm, _ in ends)], rows, note)


def leading_metric(summary: Summary) -> str | None:
    """The metric that is shown: the target's, or the first one that all trainings have."""
    converged = [own for _, own in _select_converged(summary)]
    for own in converged:
        if own.to_target:
            return own.to_target.metric
    finals = [own.final for own in converged if own.final and not own.reference]
    finals = finals or [own.final for own in converged if own.final]
    names = [name for final in finals[:1] for name in final.metrics]
    shared = [name for name in names if all(name in final.metrics for final in finals)]
    return next(iter(shared or names), None)


def sentences(summary: Summary) -> list[str]:
    """What a reader must know besides the tables."""
    sentences = []
    for arm in summary.arms:
        if arm.status == "failed":
            failed = [one.seed for one in (arm.convergence.trainings if arm.convergence else []) if one.status != "ok"]
            sentences.append(f"{arm.name} failed{f' from seed {failed[0]}' if failed else ''} {arm.reason}")
    goals = [own.to_target for _, own in _select_converged(summary) if own.to_target and not own.reference]
    if goals and not any(goal.reached for goal in goals):
        sentences.append(f"No training reached {goals[0].metric} <= {rounding.given(goals[0].value)}.")
    programs = [arm.name for arm, own in _select_converged(summary) if arm.marked_by and own.final]
    if programs:
        sentences.append(
            f"The metrics of {words.listed(programs)} are the latest losses that were seen, at the points of those"
            " epochs; `harness.report(error=...)` in the program reports others."
        )
    if summary.one_by_one:
        sentences.append(
            "The arms did not fit in memory together: each was trained alone, so their times include whatever else the"
            " machine did."
        )
    if summary.partial:
        sentences.append(f"This run is partial: {words.many(summary.blocks, 'seed')} completed.")
    elif summary.blocks < FEWEST_SEEDS:
        given = "One seed gives" if summary.blocks == 1 else "Two seeds give"
        sentences.append(f"{given} no interval: that needs at least three (--seeds).")
    return sentences


def _select_converged(summary: Summary) -> Iterator[tuple[ArmSummary, Convergence]]:
    """Trainings first, then references."""
    for references in (False, True):
        for arm in summary.arms:
            if arm.convergence and arm.convergence.reference == references:
                yield arm, arm.convergence


def _describe_early(standing: Standing | None, own: Convergence) -> str:
    """The epoch of the last evaluation, unless that is the end of the training."""
    return (
        f" (epoch {rounding.count(standing.epochs)})"
        if standing and own.final and standing.epochs < own.final.epochs
        else ""
    )


def _make_step_cells(reference: Convergence, metric: str | None) -> list[list[Cell]]:
    """The cells of one row for each of the best steps of a reference, in order."""

    def error(step: Standing) -> float:
        value = step.metrics[metric].mean if metric in step.metrics else None
        return float("inf") if value is None else value

    best = sorted(reference.curve, key=error)[:REFERENCE_STEPS]
    limit = reference.equal_time.limit if reference.equal_time else None
    rows = []
    for step in (step for step in reference.curve if step in best):
        value = _format_quality(step, metric, reference)
        in_time = limit is None or step.seconds <= limit
        now = value if in_time else units.NOTHING
        rows.append([Cell(f"step {step.epochs}", step.epochs), units.seconds(step.seconds), value, now, value])
    return rows or [[units.NOTHING] * 5]


def _name_arm(arm: ArmSummary) -> str:
    return f"{arm.name} (reference)" if arm.convergence and arm.convergence.reference else arm.name


def _format_epochs(own: Convergence) -> Cell:
    """The length of the trainings, and the last epoch of those that did not finish."""
    whole = sorted({one.epochs for one in own.trainings if one.status == "ok"})
    parts = [" or ".join(rounding.count(epochs) for epochs in whole)] if whole else []
    parts += [f"{one.status} at {rounding.count(one.epochs)}" for one in own.trainings if one.status != "ok"]
    return Cell(", ".join(parts), max(one.epochs for one in own.trainings)) if parts else units.NOTHING


def _format_training_time(arm: ArmSummary, own: Convergence) -> str:
    return units.seconds(own.final.seconds) if own.final and _is_done(arm) else units.NOTHING


def _is_done(arm: ArmSummary) -> bool:
    return arm.convergence is not None and any(one.status == "ok" for one in arm.convergence.trainings)


def _format_quality(standing: Standing | None, metric: str | None, own: Convergence) -> Cell:
    """A metric's geometric mean with its interval, or with its values if there are two, and the number of seeds if that
    is not all."""
    found = standing.metrics.get(metric) if standing and metric else None
    if found is None:
        return units.NOTHING
    few = (
        f", {found.trainings} of {words.many(len(own.trainings), 'seed')}"
        if found.trainings < len(own.trainings)
        else ""
    )
    middle = found.geometric_mean
    if middle is None:
        return Cell(_format_mean(found) + few, _format_mean(found).value)
    text = str(units.number(middle.estimate))
    if found.trainings == 2 and found.lowest is not None and found.highest is not None:
        lowest, highest = units.number(found.lowest), units.number(found.highest)
        text += f" ({lowest} and {highest})" if lowest != highest else ""
    if middle.low is not None and middle.high is not None:
        low, high = units.number(middle.low), units.number(middle.high)
        text += f" [{low}, {high}]" if low != high else ""
    return Cell(text + few, middle.estimate)


def _format_mean(found: Quality | None) -> Cell:
    if found is None:
        return units.NOTHING
    if found.not_finite:
        return Cell(f"not finite in {found.not_finite} of {words.many(found.trainings, 'seed')}")
    return units.number(found.mean)


def _format_median(value: Median | None, unit: Callable[[float], str]) -> Cell:
    """A median with its interval. Never has no value, so it is sorted last."""
    if value is None:
        return units.NOTHING
    text = unit(value.estimate)
    known = None if isinf(value.estimate) else value.estimate
    if value.low is None or value.high is None or {unit(value.low), unit(value.high)} == {text}:
        return Cell(text, known)
    return Cell(f"{text} [{unit(value.low)}, {unit(value.high)}]", known)


def _format_seconds(value: float) -> str:
    return "never" if isinf(value) else units.seconds(value) if value else "0 s"


def _format_whole(value: float) -> str:
    return "never" if isinf(value) else rounding.count(value)
