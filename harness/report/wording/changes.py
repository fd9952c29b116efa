"""What makes a difference between two arms, in words: lines, tracing, and what passes between operations."""

from collections.abc import Callable

from harness import rounding
from harness.analysis.comparison.products import changes_columns, changes_rows, find_resized, shares_rows
from harness.analysis.comparison.reasons import By, Reason, is_same
from harness.analysis.comparison.tracing import TracingChange
from harness.analysis.comparison.why import Change, Why
from harness.report.wording import words
from harness.worker.wire.evidence import Product

LEAST = 0.1
"""The share of the time between operations from which on the line that takes most of it is named."""
MUCH = 1.5
"""The factor of the number of operations from which on it is given."""
NEARLY = 1.1
"""Arithmetic that differs by less than this factor is about the same."""

Namer = Callable[[str], str]
"""Gives the short name of a place, `file:line`."""


def describe_line(change: Change, name: Namer) -> str:
    """The line, and the one that leads to it."""
    way = f", called from {name(change.via)} `{words.shorten(change.via_text)}`" if change.via else ""
    return f"{name(change.where)} `{words.shorten(change.text)}`{way}"


def describe_reason(change: Change) -> str:
    """What is different about a line; empty if that is not known."""
    if change.only_in:
        return "only the baseline has it" if change.only_in == "baseline" else "the baseline does not have it"
    reason = change.reason
    if reason is None:
        return ""
    if change.doubtful:
        return "the same arithmetic, so with one block this may be noise"
    match reason.by:
        case By.SIZES if reason.product and reason.baseline_product:
            return _describe_resized(reason.product, reason.baseline_product)
        case By.COUNT:
            return f"the same products, {format_factor(reason.factor)} of them"
        case By.MEMORY | By.RUNS:
            before = _describe_arithmetic(change, reason)
            link = f", {'and' if _has_part(change, reason) else 'but'} " if before else ""
            return f"{before}{link}it {_describe_less(reason)}"
        case By.OTHER if reason.same_arithmetic:
            return "the same arithmetic" if change.seconds is not None else ""
        case By.OTHER:
            part = _has_part(change, reason)
            where = "; the rest is in other operations" if part else ", so the time is in other operations"
            return f"{_describe_arithmetic(change, reason)}{where}"
    return f"{format_factor(reason.factor)} floating-point operations"


def _describe_less(reason: Reason) -> str:
    if reason.by is By.RUNS:
        return f"runs {format_factor(reason.factor)} operations"
    factor = max(reason.factor, 1 / reason.factor)
    return f"reads and writes {rounding.trimmed(factor)} times {'as much' if reason.factor > 1 else 'less'}"


def _has_part(change: Change, reason: Reason) -> bool:
    """Whether the arithmetic explains a part of the difference, and no more than a part."""
    if not reason.arithmetic or 1 / NEARLY < reason.arithmetic < NEARLY:
        return False
    return (reason.arithmetic < 1) == ((change.seconds or 0.0) < (change.baseline_seconds or 0.0))


def _describe_arithmetic(change: Change, reason: Reason) -> str:
    """What products do that do not explain the difference; empty if there are none."""
    if reason.arithmetic is None:
        return ""
    if is_same(reason.arithmetic):
        return "the same arithmetic"
    if 1 / NEARLY < reason.arithmetic < NEARLY:
        return f"its products do as much ({rounding.trimmed(reason.arithmetic)}x)"
    part = ", which explains a part" if _has_part(change, reason) else ""
    return f"its products do {format_factor(reason.arithmetic)} floating-point operations{part}"


def _describe_resized(product: Product, earlier: Product) -> str:
    was, is_ = find_resized(product, earlier) or (1, 1)
    if changes_rows(product, earlier) or shares_rows(product, earlier):
        how = f"{format_factor(is_ / was)} rows"
    elif changes_columns(product, earlier):
        how = f"{format_factor(is_ / was)} columns"
    else:
        how = f"{rounding.count(is_)} for {rounding.count(was)}"
    return f"{_format_product(product)} in place of {_format_product(earlier)}, {how}"


def format_factor(factor: float) -> str:
    """`12.2 times fewer`, or `3 times as many`."""
    return f"{rounding.trimmed(1 / factor)} times fewer" if factor < 1 else f"{rounding.trimmed(factor)} times as many"


def _format_product(product: Product) -> str:
    return " x ".join(f"[{' x '.join(map(rounding.count, own))}]" for own in (product.left, product.right))


def describe_between(why: Why, name: Namer) -> str:
    """What passes between operations in both, and what that is as far as it is known."""
    pair = " to ".join(rounding.seconds(one or 0.0) for one in (why.baseline_between_seconds, why.between_seconds))
    most = why.between_most
    if most and most.where and why.between_most_share >= LEAST:
        share = rounding.percent(why.between_most_share)
        return f"{pair}: of the longer one {share} in {name(most.where)} `{words.shorten(most.text)}`"
    return f"{pair}, in Python and dispatch{_describe_runs(why)}"


def _describe_runs(why: Why) -> str:
    """How many operations run in place of how many, if these are not about the same."""
    if not why.runs or not why.baseline_runs or 1 / MUCH < why.runs / why.baseline_runs < MUCH:
        return ""
    return f" of {rounding.count(round(why.runs))} operations in place of {rounding.count(round(why.baseline_runs))}"


def describe_tracing(change: TracingChange, arm: str, baseline: str, name: Namer, per: str = "") -> str:
    """What is traced or compiled in which of the two, how often and why, and what that costs; `per` is what it costs
    that in."""
    more = change.more
    who, other = (arm, baseline) if change.only_in == "arm" else (baseline, arm)
    often = f"{words.many(more.times, 'time')} in {words.many(more.of, 'epoch')} of {who}"
    others = f" and {words.many(change.other_times, 'time')} in those of {other}" if change.other_times else ""
    what = f"compiled by {more.compiler} for another shape" if more.compiler else "traced again"
    causes = {"first": "each time as a new function"}
    cause = f" ({causes.get(more.cause.kind, more.cause.text)})" if more.cause else ""
    cost = f"{'' if change.bounded else 'at least '}{rounding.seconds(max(change.seconds, change.baseline_seconds))}"
    least = "" if change.bounded else ", and first runs of new graphs add to that"
    return f"{more.function} ({name(more.where)}) is {what} {often}{others}{cause}, which takes {cost}{per}{least}"
