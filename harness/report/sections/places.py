"""How tables and sentences name lines of code."""

from collections import Counter
from collections.abc import Callable, Iterable

UNKNOWN = "(not attributed)"


def make_namer(wheres: Iterable[str]) -> Callable[[str], str]:
    """Return a function that shortens the places of lines to the names of their files, unless two files share one."""
    paths = {where.rpartition(":")[0] for where in wheres}
    names = Counter(path.rpartition("/")[2] for path in paths)

    def name(where: str) -> str:
        short = where.rpartition("/")[2]
        return (short if names[short.rpartition(":")[0]] == 1 else where) or UNKNOWN

    return name
