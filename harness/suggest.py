"""Suggestions for error messages about unknown names."""

import difflib
from collections.abc import Iterable

MOST_CHOICES = 15
"""Maximum number of names in a list of choices."""


def nearest(wrong: str, choices: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown name: the most similar known name, or a list of all choices."""
    known = list(choices)
    close = difflib.get_close_matches(wrong, known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    if not known:
        return "there are none."
    more = ", ..." if len(known) > MOST_CHOICES else "."
    return f"choose from {', '.join(known[:MOST_CHOICES])}{more}"
