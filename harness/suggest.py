"""What to say of a name that is not there."""

import difflib
from collections.abc import Iterable

MOST_CHOICES = 15
"""Names that a sentence lists."""


def nearest(wrong: str, choices: Iterable[str]) -> str:
    """The end of a sentence about a name that is not there: the nearest one that is, or all there are."""
    known = list(choices)
    close = difflib.get_close_matches(wrong, known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    if not known:
        return "there are none."
    more = ", ..." if len(known) > MOST_CHOICES else "."
    return f"choose from {', '.join(known[:MOST_CHOICES])}{more}"
