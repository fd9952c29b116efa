"""Where the difference between an arm and the baseline comes from: by line of the program's own code."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from harness import rounding
from harness.analysis.comparison.why import Change, Of, Why, find_resized
from harness.analysis.stats.verdicts import SAME, UNSURE
from harness.report import units
from harness.report.sections.places import make_namer
from harness.report.summary import ArmSummary, Summary
from harness.report.table import Cell, Table
from harness.report.wording import words
from harness.report.wording.words import shorten
from harness.worker.wire.evidence import Product

MOST_SENTENCES = 5
MOST_LINES = 6
"""Lines of an arm that the table shows."""
LEAST = 0.1
"""The share of a difference from which on a sentence names a line."""
MOSTLY = 0.5
"""The share of a difference from which on single events come first."""
SURE = 0.03
"""Differences below this share of the baseline are not explained where there is no verdict."""
EQUAL = 1.005
"""Arithmetic that differs by less than this factor is the same."""


def sentences(summary: Summary) -> Iterator[str]:
    """At most five: for each arm the lines that make most of its difference, the arms that differ most first."""
    arms = sorted(_find_explained(summary), key=lambda arm: -_get_distance(arm))
    each = max(1, MOST_SENTENCES // max(len(arms), 1))
    baseline = next(arm for arm in summary.arms if arm.name == summary.baseline)
    found = (islice(_describe_arm(arm, baseline), each) for arm in arms)
    yield from islice((sentence for own in found for sentence in own), MOST_SENTENCES)


def arithmetic(summary: Summary) -> Iterator[str]:
    """For each arm of a gate whose arithmetic differs from its base's, the line that makes most of the difference."""
    for arm in _find_explained(summary):
        if arm.why and arm.why.of is Of.ARITHMETIC:
            yield from islice(_describe_lines(arm.name, arm.why), 1)


def table(summary: Summary, most: int = MOST_LINES) -> Table | None:
    """The lines of each arm that make its difference, what is between operations, and the rest, which add up to it."""
    arms = _find_explained(summary)
    if not arms:
        return None
    rows = [row for arm in arms if arm.why for row in _make_rows(arm.name, arm.why, most)]
    note = (
        f"Shares of the difference between an epoch of each arm and one of {summary.baseline}, by the innermost line of"
        " the program's own files; they add up to 100 %. The times of a median epoch are shared out as those of epochs"
        " whose operations were observed. Lines are matched by their content."
    )
    untimed = [f"{arm.name}: {arm.untimed}" for arm in summary.arms if arm.untimed]
    if untimed:
        note += f" Of arithmetic where the time of lines is not known ({'; '.join(untimed)})."
    columns = ["arm", "line", "source", "share", "baseline", "arm"]
    if len(arms) == 1:
        columns, rows = [*columns[1:-1], arms[0].name], [row[1:] for row in rows]
    return Table("Where the difference comes from", columns, rows, note, len(columns) - 3, ("share",))


def _find_explained(summary: Summary) -> list[ArmSummary]:
    return [arm for arm in summary.arms if arm.why and _is_clear(arm)]


def _is_clear(arm: ArmSummary) -> bool:
    if arm.status == "failed" or arm.verdict in (SAME, UNSURE):
        return False
    return bool(arm.verdict) or _get_distance(arm) >= SURE


def _get_distance(arm: ArmSummary) -> float:
    return abs(arm.why.arm / arm.why.baseline - 1) if arm.why else 0.0


def _describe_once(arm: ArmSummary, baseline: ArmSummary) -> tuple[float, str]:
    """The share of single events in the difference between two trainings, and a sentence about it. 0 if that is not
    known, because they did not run the same epochs."""
    one, other = arm.accounting, baseline.accounting
    if not one or not other or one.epochs != other.epochs or one.seconds == other.seconds:
        return 0.0, ""
    if one.scheduled not in (None, one.epochs):
        return 0.0, ""
    difference = one.seconds - other.seconds
    share = (one.once.seconds - other.once.seconds) / difference
    way = "less" if difference < 0 else "more"
    pair = f"{rounding.seconds(other.once.seconds)} to {rounding.seconds(one.once.seconds)}"
    return share, (
        f"Of the {rounding.seconds(abs(difference))} that {words.many(one.epochs, 'epoch')} of {arm.name} take {way},"
        f" {units.percent(share)} is in first epochs, tracing, compiling and stalls ({pair})."
    )


def _describe_arm(arm: ArmSummary, baseline: ArmSummary) -> Iterator[str]:
    why = arm.why
    assert why is not None, "called only for arms whose difference is explained"
    share, once = _describe_once(arm, baseline)
    if abs(share) >= MOSTLY:
        yield once
    yield from _describe_lines(arm.name, why)
    if LEAST <= abs(share) < MOSTLY:
        yield once


def _describe_lines(arm: str, why: Why) -> Iterator[str]:
    between = [why.between_most.where] if why.between_most else []
    name = make_namer([place for change in why.changes for place in (change.where, change.via)] + between)
    parts = [(change.share, _describe_change(change, name)) for change in why.changes]
    taken = [rounding.seconds(one or 0.0) for one in (why.baseline_between_seconds, why.between_seconds)]
    parts.append((why.between, f"is between operations, {taken[0]} to {taken[1]}{_describe_between(why, name)}"))
    parts = sorted((own for own in parts if abs(own[0]) >= LEAST), key=lambda own: -abs(own[0]))
    for place, (part, text) in enumerate(parts):
        whole = f" of {_describe_whole(arm, why)}" if not place else ""
        yield f"{'Another ' if place else ''}{units.percent(part)}{whole} {text}."


def _describe_between(why: Why, name: Callable[[str], str]) -> str:
    """Which line takes most of the time between operations."""
    most = why.between_most
    if not most or not most.where or why.between_most_share < LEAST:
        return ", in Python and dispatch"
    return f": of the longer one {units.percent(why.between_most_share)} in {name(most.where)} `{shorten(most.text)}`"


def _describe_change(change: Change, name: Callable[[str], str]) -> str:
    if not change.where:
        return "could not be attributed to a line"
    way = f", called from {name(change.via)} `{shorten(change.via_text)}`" if change.via else ""
    reason = _describe_reason(change)
    return f"is {name(change.where)} `{shorten(change.text)}`{way}{f': {reason}' if reason else ''}"


def _describe_whole(name: str, why: Why) -> str:
    show = rounding.seconds if why.of is Of.TIME else rounding.flops
    verb = "saves" if why.arm < why.baseline else "adds"
    what = "in an epoch" if why.of is Of.TIME else "in the arithmetic of an epoch"
    kind = f" of kind {why.kind}" if why.kind != "epoch" else ""
    return f"what {name} {verb} {what}{kind} ({show(why.baseline)} to {show(why.arm)})"


def _describe_reason(change: Change) -> str:
    """What is different about a line, if that is known."""
    if change.only_in:
        return "only the baseline has it" if change.only_in == "baseline" else "the baseline does not have it"
    factor = change.flops / change.baseline_flops if change.flops and change.baseline_flops else None
    if factor and 1 / EQUAL < factor < EQUAL:
        return "the same arithmetic" if change.seconds is not None else ""
    resized = change.product and change.baseline_product and find_resized(change.product, change.baseline_product)
    if change.product and change.baseline_product and resized:
        return (
            f"{_format_product(change.product)} in place of {_format_product(change.baseline_product)},"
            f" {_describe_size(change.baseline_product, *resized)}"
        )
    return f"{_format_factor(factor)} operations" if factor else ""


def _describe_size(earlier: Product, was: int, is_: int) -> str:
    if was in earlier.left[:-1] and was not in earlier.right:
        what = "rows"
    elif was in earlier.right and was not in earlier.left:
        what = "columns"
    else:
        return f"{units.count(is_)} for {units.count(was)}"
    return f"{_format_factor(is_ / was)} {what}"


def _format_factor(factor: float) -> str:
    """`12.2 times fewer`, or `3 times as many`."""
    return f"{rounding.trimmed(1 / factor)} times fewer" if factor < 1 else f"{rounding.trimmed(factor)} times as many"


def _format_product(product: Product) -> str:
    return " x ".join(f"[{' x '.join(map(rounding.count, own))}]" for own in (product.left, product.right))


def _make_rows(arm: str, why: Why, most: int) -> Iterator[list[str]]:
    name = make_namer([place for change in why.changes for place in (change.where, change.via)])
    shown, others = why.changes[:most], why.changes[most:]
    for change in shown:
        pair = _get_pair(change, why)
        yield [arm, name(change.where), shorten(change.text), units.percent(change.share), *pair]
        if change.via:
            yield [arm, f"  from {name(change.via)}", shorten(change.via_text), units.NOTHING, *[units.NOTHING] * 2]
    rest = why.rest + sum(change.share for change in others)
    if abs(rest) >= LEAST / 100:
        yield [arm, "(other lines)", "", units.percent(rest), *[units.NOTHING] * 2]
    if why.between_seconds is not None:
        pair = [units.seconds(one) for one in (why.baseline_between_seconds, why.between_seconds)]
        yield [arm, "(between operations)", "", units.percent(why.between), *pair]


def _get_pair(change: Change, why: Why) -> Sequence[Cell]:
    if why.of is Of.TIME:
        return [units.seconds(one) for one in (change.baseline_seconds, change.seconds)]
    return [units.flops(one) for one in (change.baseline_flops, change.flops)]
