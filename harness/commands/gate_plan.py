"""A gate's plan: the same variants from a base, from that base again, and from the head that wants to pass."""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_request
from pathlib import Path
from typing import Any, NoReturn

from msgspec.structs import replace

from harness.catalog import registry
from harness.commands.gate_settings import Asked
from harness.engine.machine import machine
from harness.engine.revisions import lookup, revisions
from harness.engine.revisions.repository import Repository
from harness.errors import BadInput, BadSource, NotComparable, VariantFailed
from harness.interface import Variant
from harness.plan import controls, planning
from harness.plan.gate_rules import TOTAL_TIME, Gate, Tolerances, Triple
from harness.plan.plan import Arm, Plan
from harness.plan.planning import Traits
from harness.plan.request import Request
from harness.record import compatibility
from harness.record.schema import Stored
from harness.record.store import Record, read
from harness.worker.imports import loading, sources
from harness.worker.wire.messages import Source

THREADS = 1
"""Of each arm, where nobody says: with more, processes of the same program differ by percents."""
TIMEOUT = 120.0
"""Seconds without an answer after which an arm has failed, where nobody says: nobody watches a gate."""
TRAITS = Traits(
    command="gate",
    usual_epochs=False,
    small_scale=True,
    most_blocks=planning.MOST_IN_BUDGET,
    states_objectives=True,
)
_SETTINGS = ("case", "scale", "epochs", "blocks", "budget", "seed", "threads", "timeout")
"""Of pyproject.toml, those that a request may have too."""
_SHOWN = 12
"""Characters of a commit's hash that are enough for a reader."""


@dataclass(frozen=True)
class Side:
    """Where an arm's code comes from."""

    revision: str | None
    """The commit; None is the working tree."""
    name: str
    """As the user put it."""
    text: str
    """In words."""
    source: Source


def plan(request: Request, asked: Asked) -> tuple[Plan, list[Stored]]:
    """Against a revision, or against stored runs, with what is needed of these. Raises BadInput where it is neither or
    both; for the rest see below."""
    if (request.base is None) == (not request.stored):
        raise BadInput("A gate takes something to hold the head against: --base REV, or --baseline RUN; one of them.")
    compatibility.check_allowed(asked.settings.allow)
    if request.base is None:
        if request.head:
            raise BadInput("--head takes --base: against stored runs the working tree is held.")
        return against_runs(request, asked)
    return against_revision(request, request.base, asked), []


def against_revision(request: Request, base: str, asked: Asked) -> Plan:
    """The plan that holds the working tree, or the request's `head`, against the revision `base`.

    Raises BadInput; NotComparable where there is no such history, or a revision lacks a variant; VariantFailed where
    the head cannot be imported.
    """
    sys.dont_write_bytecode = True  # what registered variants are imported from may be the user's working tree
    repository = Repository.here()
    ours = _revision(repository, base)
    theirs = _revision(repository, request.head) if request.head else _working_tree(repository)
    names = list(request.names) or asked.variants or _nothing()
    for name in names:
        _check_head(name, theirs, repository)
    for name in names:
        _check_base(name, ours, repository)

    def find(name: str) -> Variant | None:
        return registry.find(sources.reference(name, theirs.source), sources.path(theirs.source))

    plan = _plan(request, names, asked, find=find)
    arms, triples = [], []
    for arm in plan.arms:
        old = Arm(f"{arm.label} at {ours.name}", arm.variant, arm.settings, ours.revision)
        new = replace(arm, revision=theirs.revision)
        arms += [old, controls.null(old), new]
        again = arms[-2].label
        triples.append(Triple(arm.label, new.label, old.label, again, asked.tolerances(arm.variant)))
    gate = Gate(tuple(triples), asked.settings.unsure or "fail", ours.text, theirs.text)
    return replace(
        plan, arms=tuple(arms), baseline=arms[0].label, gate=gate, preload=_installed(plan.preload, repository)
    )


def beside(request: Request, name: str, than: str) -> Plan:
    """The plan that holds one variant against another, as they are here, in the time of a whole training alone.

    Raises BadInput.
    """
    if name == than:
        raise BadInput(f"{name!r} is to be held against another variant, not against itself.")
    plan = _plan(request, [than, name], Asked())
    base, head = plan.arms
    again = controls.null(base)
    alone = Tolerances({TOTAL_TIME: plan.tolerance})
    triple = Triple(head.label, head.label, base.label, again.label, alone)
    return replace(plan, arms=(base, again, head), gate=Gate((triple,), base=than, head=name))


def against_runs(request: Request, asked: Asked) -> tuple[Plan, list[Stored]]:
    """The plan that holds the working tree against stored runs. What they were run with is what it is run with, unless
    somebody asks for something else.

    Raises BadInput; NotComparable where they lack a variant, were not completed, or differ in a way that matters;
    VariantFailed where the head cannot be imported.
    """
    from harness.analysis.gate.stored import stored  # with pandas

    records = [read(place) for place in request.stored]
    first = records[0].plan
    names = list(request.names) or asked.variants or _gated(records[0]) or _nothing()
    like_it = {name: getattr(first, name) for name in ("case", "scale", "seed", "threads")} | {
        "fresh": not first.preload
    }
    lacking = {name: value for name, value in like_it.items() if getattr(request, name) is None}
    try:
        plan = _plan(replace_request(request, **lacking), names, asked)
    except BadSource as error:
        raise VariantFailed(f"{' or '.join(names)} failed while it was imported: {error}") from None
    facts, versions = machine.facts(), machine.versions()
    lines = []
    for record in records:
        compatibility.refuse(record, plan, facts, versions, asked.settings.allow)
        for arm in plan.arms:
            lines.append(replace(stored(record, _kept(record, arm.variant)), arm=arm.label))
    triples = tuple(Triple(arm.label, arm.label, None, None, asked.tolerances(arm.variant)) for arm in plan.arms)
    runs = "the stored run" if len(records) == 1 else f"{len(records)} stored runs, the first"
    gate = Gate(triples, asked.settings.unsure or "fail", f"{runs} {records[0].header.run}", "the working tree")
    fewest = plan.blocks if request.blocks else planning.FEWEST_BLOCKS
    return replace(plan, gate=gate, blocks=fewest, fewest=fewest), lines


def _nothing() -> NoReturn:
    raise BadInput("There is nothing to gate: name a variant, or list it in [tool.harness.gate] of pyproject.toml.")


def _gated(record: Record) -> list[str]:
    """The variants that a stored gate was about."""
    heads = _heads(record)
    return [arm.variant for arm in record.plan.arms if arm.label in heads]


def _heads(record: Record) -> set[str]:
    """The arms that a stored gate was about; none of another run."""
    gate = record.plan.gate
    return {triple.head for triple in gate.triples} if gate else set()


def _kept(record: Record, variant: str) -> str:
    """The arm of a stored run that is this variant: of a gate its head. Raises NotComparable."""
    run = record.header.run
    if record.partial:
        raise NotComparable(f"The stored run {run} was not completed: give another.")
    heads = _heads(record) or {arm.label for arm in record.plan.arms}
    found = [
        arm.label for arm in record.plan.arms if arm.variant == variant and arm.label in heads and not arm.slowdown
    ]
    if not found:
        there = ", ".join(arm.variant for arm in record.plan.arms if arm.label in heads)
        raise NotComparable(f"The stored run {run} does not have {variant!r}: it has {there}.")
    if record.failure(found[0]):
        raise NotComparable(f"In the stored run {run} {found[0]} failed: give another.")
    return found[0]


def _plan(
    request: Request, names: Sequence[str], asked: Asked, find: Callable[[str], Variant | None] | None = None
) -> Plan:
    """The request over the settings of pyproject.toml over a gate's own defaults."""
    usual = {"threads": THREADS, "timeout": TIMEOUT}
    wanted = {name: getattr(asked.settings, name) for name in _SETTINGS}
    lacking: dict[str, Any] = {
        name: usual.get(name) if value is None else value
        for name, value in wanted.items()
        if getattr(request, name) is None
    }
    return planning.draft(replace_request(request, names=tuple(names), **lacking), TRAITS, find=find)


def _revision(repository: Repository, name: str) -> Side:
    commit = repository.resolve(name)
    source = Source(str(revisions.folder(commit)), repository.prefix, instead_of=str(repository.top))
    short = name[:_SHOWN] if commit.startswith(name) else name
    text = commit[:_SHOWN] if commit.startswith(name) else f"{name} ({commit[:_SHOWN]})"
    return Side(commit, short, text, source)


def _working_tree(repository: Repository) -> Side:
    changed = ", with changes that are not committed" if repository.changed() else ""
    text = f"the working tree, at {repository.resolve('HEAD')[:_SHOWN]}{changed}"
    return Side(None, "head", text, Source(str(repository.top), repository.prefix))


def _check_head(name: str, side: Side, repository: Repository) -> None:
    """Raises VariantFailed where the head's code cannot be imported; where it lacks the variant, BadInput if it is the
    working tree, else NotComparable."""
    try:
        _find(name, side, repository)
    except BadSource as error:
        raise VariantFailed(f"{name} failed while it was imported: {_said(error, name, side)}") from None
    except BadInput as error:
        if side.revision is None:
            raise
        raise _does_not_have(name, side, error) from None


def _check_base(name: str, side: Side, repository: Repository) -> None:
    """Raises NotComparable where the base does not have a variant."""
    try:
        _find(name, side, repository)
    except BadInput as error:
        raise _does_not_have(name, side, error) from None


def _find(name: str, side: Side, repository: Repository) -> None:
    """Raises BadInput where one side does not have a variant."""
    reference = sources.reference(name, side.source)
    place = name.rpartition(":")[0]
    path = sources.path(side.source)
    if not place:
        registry.find(name)  # here at all
        lookup.check(name, side.source)
    elif loading.is_file(place):
        if not Path(reference).is_relative_to(side.source.folder):
            raise BadInput(f"{place} is not in the repository at {repository.top}.")
        registry.find(reference)
    else:
        registry.find(name, path)
        file = registry.module_source(place, path)
        if file and not sources.holds_code_of(str(file), side.source.folder):
            raise BadInput(f"The module {place} is not of this repository but at {file}.")


def _does_not_have(name: str, side: Side, error: BadInput) -> NotComparable:
    hint = _hint(sources.reference(name, side.source), side)
    return NotComparable(f"Revision {side.text} does not have {name!r}: {_said(error, name, side)}{hint}")


def _said(error: BadInput, name: str, side: Side) -> str:
    """What is wrong, without the folder that nobody knows."""
    return str(error).replace(f"{side.source.folder}/", "").removeprefix(f"{name!r}: ")


def _hint(reference: str, side: Side) -> str:
    """Why a file may be missing that the revision does have."""
    path = Path(reference.rpartition(":")[0])
    if path.is_absolute() and path.is_relative_to(side.source.folder) and side.revision:
        inside = path.relative_to(side.source.folder)
        if not path.exists() and Repository.here().knows(side.revision, str(inside)):
            return " (.gitattributes keeps it from git archive, by export-ignore.)"
    return ""


def _installed(modules: Sequence[str], repository: Repository) -> tuple[str, ...]:
    """What arms may be forked from: nothing, if some of it is code of the repository, which differs between arms."""
    for name in modules:
        found = importlib.util.find_spec(name.partition(".")[0])
        places = [found.origin, *(found.submodule_search_locations or ())] if found else []
        if any(place and sources.holds_code_of(place, str(repository.top)) for place in places):
            return ()
    return tuple(modules)
