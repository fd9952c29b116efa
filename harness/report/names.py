"""Names shortened to a bounded length, for where there is little room."""

from collections.abc import Sequence


def short(name: str, most: int = 44) -> str:
    """A name of at most `most` characters. The middle is left out, since names mostly differ at their ends."""
    if len(name) <= most:
        return name
    head = (most - 1) // 2
    return f"{name[:head]}…{name[len(name) - (most - 1 - head) :]}"


def short_names(names: Sequence[str], most: int = 44) -> dict[str, str]:
    """A short form of each name; no two are alike."""
    shorts: dict[str, str] = {}
    for name in names:
        candidate = short(name, most)
        taken = candidate in shorts.values()
        shorts[name] = f"{short(name, most - 4)} ({len(shorts) + 1})" if taken else candidate
    return shorts
