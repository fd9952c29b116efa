"""What a gate found, as one table per variant and as sentences."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from harness import rounding
from harness.analysis.gate.check import IMPROVED, LEAST_SECONDS, NOT_MEASURED, REGRESSED, UNSURE, Check, GateAnswer
from harness.analysis.gate.judge import GateVerdict
from harness.analysis.metrics.base import Unit
from harness.analysis.metrics.registry import METRICS
from harness.plan.gate_rules import (
    FIRST_EPOCH_TIME,
    LOSSES,
    TIMES,
)
from harness.report import units
from harness.report.table import Cell, Table
from harness.report.wording.checks import describe_why
from harness.worker.wire.messages import EPOCH

METHOD = (
    "In each block the base, a repeat of the base and the head are new processes with the same seed. They take turns in"
    " random order, a few epochs each; only one computes at a time. Times are the head's relative to the mean of both"
    " bases, with Student's t interval over blocks: ok if the whole interval lies below the tolerance, regressed if it"
    " lies above (at a level corrected for testing several metrics), else unsure. A time is also unsure if the two"
    " bases differ by more than half the tolerance. Deterministic metrics are counted in a separate pass, in which all"
    " three run the same epochs in the same order, and are compared exactly. Where no allocator counts tensors, as in"
    " PyTorch and JAX on CPUs, their peak is that of an epoch after this pass in which they were followed."
)
METHOD_STORED = (
    "The head ran in new processes, one per block, and is compared with runs measured earlier. A time has regressed"
    " only if it lies beyond the 95 % prediction limit of the stored runs in every block, and nothing else was"
    " computing when the run began. Deterministic metrics are compared exactly, with the first of the stored runs."
)
_MOST_LISTED = 3
"""Checks that the headline names; each also has a sentence of its own."""
_ALLOWED_LOSSES = {"same": "bit for bit", "rounding": "rounding", "any": "any"}


def tables(verdict: GateVerdict) -> list[Table]:
    """One table per variant, one row per gated metric."""
    variants = list(dict.fromkeys(check.variant for check in verdict.checks))
    return [_make_table(verdict, variant) for variant in variants]


def sentence(verdict: GateVerdict) -> str:
    """The answer, and the checks that decided it."""
    against = f"{verdict.head} against {verdict.base}"
    checks = {answer: [check for check in verdict.checks if check.answer == answer] for answer in (REGRESSED, UNSURE)}
    if verdict.answer == GateAnswer.FAILED:
        return f"No answer, because an arm failed; {against}."
    if verdict.answer == GateAnswer.REGRESSED:
        return f"Regressed: {_list_checks(checks[REGRESSED])}; {against}."
    if verdict.answer == GateAnswer.UNSURE:
        return f"Unsure: {_list_checks(checks[UNSURE])}; {against}."
    return f"Passed: no gated metric got worse; {against}."


def sentences(verdict: GateVerdict) -> list[str]:
    """The answer first, then the metrics that regressed, are unsure, or improved."""
    sentences = [sentence(verdict)]
    for answer in (REGRESSED, UNSURE, IMPROVED):
        sentences += [sentence_of(check) for check in verdict.checks if check.answer == answer]
    return sentences


def about_kernels(repeatable: bool) -> Iterator[str]:
    """In which pass kernels were asked for that repeat themselves, if in any."""
    if repeatable:
        yield (
            "Only the pass that counts and compares losses asked JAX and PyTorch for kernels that repeat themselves."
            " Timed turns ran without them, so no time includes what they cost."
        )


def sentence_of(check: Check) -> str:
    """One check as a sentence."""
    what = f"{check.variant}: {_name_check(check)}"
    why = f" {describe_why(check.why)}" if check.why else ""
    if check.answer == UNSURE:
        visible = check.smallest_visible_ratio
        shown = (
            f"; a difference of {units.percent(visible - 1)} would have been detected"
            if visible and visible < 2
            else ""
        )
        return f"{what} is unsure:{why or ' it could not be decided'}{shown}."
    if check.metric == LOSSES:
        return f"{what} are not the same:{why}."
    if METRICS[check.metric].unit == Unit.COUNT:
        before, after = units.count(_convert_to_int(check.base)), units.count(_convert_to_int(check.head))
        return f"{what} went from {before} to {after}{f',{why}' if why else ''}."
    verb = "got better" if check.answer == IMPROVED else "got worse"
    figures = f"{_format_figure(check, check.base)} to {_format_figure(check, check.head)}"
    return f"{what} {verb}: {figures}{_describe_change(check)}.{f'{why}.' if why else ''}"


def _make_table(verdict: GateVerdict, variant: str) -> Table:
    checks = [check for check in verdict.checks if check.variant == variant]
    parts = Counter(check.metric for check in checks if not _is_same(check))
    rows = []
    for metric, of_metric in groupby(checks, key=lambda check: check.metric):
        own = [check for check in of_metric if check.answer != NOT_MEASURED or check.why]
        if len(own) > 1 and not parts[metric]:
            rows.append([METRICS[metric].title, "", "", f"all {len(own)} same", _format_allowed(own[0]), own[0].answer])
        else:
            rows += [_make_row(check) for check in own]
    missing = [_name_check(check) for check in checks if check.answer == NOT_MEASURED and not check.why]
    left_out = f" Not measured: {', '.join(missing)}." if missing else ""
    mean = "the mean of the stored runs" if verdict.stored else "the mean of two runs of the base"
    note = (
        f"{verdict.head[:1].upper()}{verdict.head[1:]}, against {verdict.base}. Change: the head relative to {mean}."
        f" ± is half the 95 % interval of a time.{left_out}"
    )
    return Table(variant, ["metric", "base", "head", "change", "allowed", "answer"], rows, note)


def _make_row(check: Check) -> list[str]:
    figures = [_format_figure(check, check.base), _format_figure(check, check.head)]
    return [_name_check(check), *figures, _format_change(check), _format_allowed(check), check.answer]


def _is_same(check: Check) -> bool:
    return check.base is not None and check.base == check.head


def _name_check(check: Check) -> str:
    part = f" ({check.part})" if check.part and check.part != EPOCH else ""
    return f"{METRICS[check.metric].title}{part}"


def _list_checks(checks: list[Check]) -> str:
    named = ", ".join(f"{_name_check(check)} of {check.variant}" for check in checks[:_MOST_LISTED])
    more = len(checks) - _MOST_LISTED
    return f"{named}, and {more} more" if more > 0 else named


def _format_figure(check: Check, value: float | None) -> Cell:
    if value is None:
        return units.NOTHING
    return units.figure(METRICS[check.metric].unit, value)


def _format_change(check: Check) -> str:
    """The cell's value is the ratio of head and base, for counts too."""
    if check.metric == LOSSES:
        return describe_why(check.why) if check.why else units.NOTHING
    if check.answer == NOT_MEASURED:
        return describe_why(check.why) if check.why else units.NOTHING
    if METRICS[check.metric].unit == Unit.COUNT:
        more = _convert_to_int(check.head or 0) - _convert_to_int(check.base or 0)
        relative = (check.head or 0.0) / check.base if check.base else None
        return Cell(f"{more:+d}", relative) if more else Cell("same", 1.0)
    if check.ratio and check.ratio.estimate == 1:
        return Cell("same", 1.0)
    return units.short_ratio(check.ratio)


def _describe_change(check: Check) -> str:
    """The change in percent, and what was allowed."""
    if check.ratio is None:
        return ""
    change = rounding.percent_change(check.ratio.estimate, check.ratio.low, check.ratio.high)
    allowed = f"; {_format_allowed(check)} is allowed" if check.answer == REGRESSED else ""
    return f", {change}{allowed}"


def _format_allowed(check: Check) -> str:
    if check.tolerance is None:
        return units.NOTHING
    if check.metric == FIRST_EPOCH_TIME and check.base and check.tolerance == LEAST_SECONDS / check.base:
        return Cell(f"+{units.seconds(LEAST_SECONDS)}", float(check.tolerance))
    if isinstance(check.tolerance, str):
        return _ALLOWED_LOSSES[check.tolerance]
    if METRICS[check.metric].unit == Unit.COUNT:
        return Cell(f"+{_convert_to_int(check.tolerance)}", check.tolerance)
    return Cell(f"+{units.percent(check.tolerance)}", check.tolerance)


def _convert_to_int(value: float | None) -> int:
    return int(value or 0)


def lines(verdict: GateVerdict) -> Iterator[tuple[str, str]]:
    """The annotations: a level (`error`, `warning` or `notice`) and a sentence each."""
    levels = {REGRESSED: "error", UNSURE: {"fail": "error", "warn": "warning"}.get(verdict.unsure, "notice")}
    for check in verdict.checks:
        if check.answer in levels:
            yield levels[check.answer], sentence_of(check)
        elif check.answer == IMPROVED and check.metric in TIMES:
            yield "notice", sentence_of(check)
    if verdict.answer == GateAnswer.PASSED:
        yield "notice", sentence(verdict)
