"""How an arm's losses relate to the baseline's, in words."""

from math import isinf

from harness import rounding
from harness.analysis.comparison.losses import Divergence, Losses, Relation, Term
from harness.report.wording import words


def describe_losses(found: Losses) -> str:
    """Describe the relation: `same bit for bit`, `drifts from epoch K by X`, `the same, one epoch later`, `different
    objective (TERM RATIO)` or `not repeatable here`, with anything else that a reader has to know."""
    if found.relation == Relation.SAME:
        return f"same bit for bit{_describe_finite(found)}"
    if found.lag:
        when = "later" if found.lag.epochs > 0 else "earlier"
        apart = f", up to {rounding.difference(found.lag.largest)} apart" if found.lag.largest else ""
        return f"the same, one epoch {when}{apart}"
    if found.relation == Relation.NOT_REPEATABLE:
        return f"not repeatable here: two processes of {found.varying} differ {_describe_variation(found)}"
    alone = ", judged from one process of each" if found.alone else ""
    beyond = f", far more than two processes of {found.varying} do" if found.varying else ""
    if found.relation == Relation.OTHER_OBJECTIVE and found.term:
        perhaps = "perhaps a " if found.alone else ""  # a seed that is not set would show in the same way
        return f"{perhaps}different objective ({found.term.name} {_describe_term(found.term)}){beyond}{alone}"
    few = ""
    if found.agreed is not None:
        epochs = f"{found.agreed} epoch{'' if found.agreed == 1 else 's'}"
        few = f"; two processes of {found.baseline} agree over only {epochs}"
    return f"drifts {_describe_divergence(found.divergence)}{beyond}{few}{alone}"


def _describe_finite(found: Losses) -> str:
    """In how many epochs losses are finite, if not in all."""
    if found.finite is None:
        return ""
    if not found.finite:
        return ", but not finite in any epoch"
    return f" in the {words.many(found.finite, 'epoch')} in which they are finite"


def _describe_variation(found: Losses) -> str:
    if found.term:
        return f"in {found.term.name} ({_describe_term(found.term)})"
    return _describe_divergence(found.own_divergence)


def _describe_divergence(found: Divergence | None) -> str:
    assert found is not None, "losses that differ have a first epoch in which they do"
    if isinf(found.at_first):
        return f"from epoch {found.index}, where only one of them is finite"
    first, largest = rounding.difference(found.at_first), rounding.difference(found.largest)
    text = f"from epoch {found.index} by {first}"
    if isinf(found.largest):
        return f"{text}, and at epoch {found.largest_in} only one of them is finite"
    return text if first == largest else f"{text}, up to {largest} at epoch {found.largest_in}"


def _describe_term(term: Term) -> str:
    one, other = term.value, term.baseline
    if one is None or other is None:
        return "not finite" if one is None else "finite"
    if other == 0 or one / other <= 0:
        return f"{rounding.two_digits(one)} in place of {rounding.two_digits(other)}"
    return f"{rounding.fine_factor(one / other)}x"
