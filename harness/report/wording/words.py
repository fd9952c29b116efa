"""Names and numbers as parts of a sentence."""

from collections.abc import Sequence

from harness import rounding

LONGEST = 40
"""Maximum number of characters that are shown of a line of code."""


def listed(names: Sequence[str]) -> str:
    """Names listed as in a sentence: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def many(number: int, noun: str) -> str:
    """A number with its noun, in the plural if needed."""
    return f"{rounding.count(number)} {noun}{'' if number == 1 else 's'}"


def shorten(text: str) -> str:
    """A line of code, cut if it is long."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
