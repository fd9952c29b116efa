"""What a reader must know of arms that are programs: their environments, and what marks their epochs."""

from collections.abc import Iterator
from pathlib import Path

from harness.plan.plan import UNSEEN, WHOLE
from harness.report.summary import ArmSummary, Summary
from harness.report.wording import words

GUESSED = "the loop that calls "
"""How the description of a loop begins that was found in the source."""


def environments(summary: Summary) -> Iterator[str]:
    """What differs between the arms, if they ran in different environments."""
    known = [arm for arm in summary.arms if arm.python]
    if len({(arm.python, arm.prefix) for arm in known}) < 2:
        return
    facts = {arm.name: {"Python": arm.python or "", **arm.loaded} for arm in known}
    names = dict.fromkeys(name for own in facts.values() for name in own)
    differing = [name for name in names if len({own.get(name) for own in facts.values()}) > 1]
    if not differing:
        folders = words.listed([f"{arm.prefix} ({arm.name})" for arm in known])
        yield f"The arms ran in different environments with the same versions: {folders}."
        return
    each = [f"{name} with {_list_versions(own, differing)}" for name, own in facts.items()]
    yield f"The arms ran in different environments: {'; '.join(each)}."


def arithmetic(summary: Summary) -> Iterator[str]:
    """In what the arithmetic of the arms differs, where they compute with the same framework."""
    for name in dict.fromkeys(name for arm in summary.arms for name in arm.arithmetic):
        arms_of: dict[str, list[str]] = {}
        for arm in summary.arms:
            if name in arm.arithmetic:
                arms_of.setdefault(arm.arithmetic[name], []).append(arm.name)
        if len(arms_of) > 1:
            each = words.listed([f"{value} in {words.listed(arms)}" for value, arms in arms_of.items()])
            yield f"The arms compute in different arithmetic. {name}: {each}."


def caches(summary: Summary) -> Iterator[str]:
    """Which compile caches the arms used, if they used the user's."""
    found = {name: state for arm in summary.arms for name, state in arm.caches.items()}
    for name, state in found.items():
        folder, _, holds = state.rpartition(", ")
        yield f"The arms used a compile cache of yours, {folder} ({name}), which was {holds} when the run began."


def compiled_before(summary: Summary) -> Iterator[str]:
    """Arms whose first epochs were spared compiling, because of a cache of compiled functions on disk."""
    for arm in summary.arms:
        if arm.from_cache:
            yield (
                f"{arm.name} took {words.many(arm.from_cache, 'compiled function')} from JAX's cache on disk, as"
                " JAX_COMPILATION_CACHE_DIR or the program asks: without it, its first epochs would take longer."
            )


def ran_whole(summary: Summary) -> bool:
    """Whether programs were timed as a whole, each run as one epoch."""
    return any(arm.marked_by in (WHOLE, UNSEEN) for arm in summary.arms)


def unseen(summary: Summary) -> str:
    """That no epoch was seen, and what to do; empty if epochs were seen, or programs were to run as a whole."""
    if not any(arm.marked_by == UNSEEN for arm in summary.arms):
        return ""
    said = "No epoch was seen, so each program was timed as a whole, from start to end."
    found = dict.fromkeys(arm.loop for arm in summary.arms if arm.loop)
    loops = dict.fromkeys(map(_shorten, found))
    if len(loops) > 1 and len({loop.rpartition(":")[0] for loop in loops}) < len(loops):
        # The end of a path has to tell in which of the programs the line is.
        loops = dict.fromkeys("/".join(Path(place).parts[-2:]) for place in found)
    if loops:
        options = words.listed([f"`--epoch-at {loop}`" for loop in loops])
        loop = "the loop" if len(loops) == 1 else "the loops"
        return f"{said} To compare epochs, add {options}: {loop} in which gradients were computed."
    return (
        f"{said} To compare epochs, write `for epoch in harness.epochs(range(n)):`, or name where an epoch ends with"
        " --epoch-at."
    )


def marks(summary: Summary) -> Iterator[str]:
    """What the epochs of each program are."""
    arms_of: dict[str, list[str]] = {}
    for arm in summary.arms:
        if arm.marked_by:
            arms_of.setdefault(_describe_mark(arm), []).append(arm.name)
    for mark, arms in arms_of.items():
        if mark == WHOLE:
            yield "Each program was timed as a whole, from start to end."
            continue
        if mark == UNSEEN:  # `unseen` says so first of all
            continue
        whose = f" of {words.listed(arms)}" if len(arms) < len(summary.arms) else ""
        how = ", as its source shows; --epoch-at names another place" if mark.startswith(GUESSED) else ""
        yield f"The epochs{whose} are those of {mark}{how}."


def _list_versions(own: dict[str, str], names: list[str]) -> str:
    return ", ".join(f"{name} {own[name]}" if name in own else f"no {name}" for name in names)


def _describe_mark(arm: ArmSummary) -> str:
    """The mark with the name of its file, without the folder."""
    what, _, place = (arm.marked_by or "").rpartition(" at ")
    line = place.rpartition(":")[2]
    short = _shorten(place)
    return f"{what} at {short}" if what else f"the loop at {short}" if line.isdigit() else short


def _shorten(place: str) -> str:
    """A place with the name of its file, without the folder."""
    path, _, line = place.rpartition(":")
    return f"{Path(path).name}:{line}" if path else place
