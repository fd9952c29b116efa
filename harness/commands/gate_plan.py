"""A gate's plan: each variant from the base, from a repeat of the base, and from the head that is checked."""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_request
from pathlib import Path
from typing import Any, NoReturn

from msgspec.structs import replace

from harness.catalog import command_lines, registry, single
from harness.commands.gate_settings import GateOptions
from harness.engine.machine import machine
from harness.engine.revisions import lookup, revisions
from harness.engine.revisions.repository import Repository
from harness.errors import BadInput, BadSource, NotComparable, VariantFailed
from harness.interface import Variant
from harness.plan import controls, planning
from harness.plan.gate_rules import TOTAL_TIME, Gate, Tolerances, Triple
from harness.plan.plan import Plan
from harness.plan.planning import Traits
from harness.plan.request import Request
from harness.record import compatibility
from harness.record.schema import Stored
from harness.record.store import Record, read
from harness.worker.imports import loading, sources
from harness.worker.wire.messages import Source

THREADS = 1
"""Default number of threads of each arm: with more, processes of the same program differ by percents."""
TIMEOUT = 120.0
"""Default seconds without an answer after which an arm has failed. It is short because a gate runs unattended."""
TRAITS = Traits(
    command="gate",
    usual_epochs=False,
    small_scale=True,
    most_blocks=planning.MOST_IN_BUDGET,
    states_objectives=True,
)
_SETTINGS = ("case", "scale", "epochs", "blocks", "budget", "seed", "threads", "timeout")
"""Settings of pyproject.toml that are options of the command line too."""
_SHOWN = 12
"""Characters of a commit's hash that are shown."""


@dataclass(frozen=True)
class Side:
    """The base or the head of a gate: where its code comes from."""

    revision: str | None
    """The commit; None means the working tree."""
    name: str
    """The revision as the user wrote it, for labels."""
    text: str
    """The revision in words, for reports and messages."""
    source: Source


def plan(request: Request, options: GateOptions) -> tuple[Plan, list[Stored]]:
    """The plan of a gate against a revision, or against stored runs, with the results of these that it needs.

    Raises BadInput if the request names neither or both; for other errors see `against_revision` and `against_runs`.
    """
    if (request.base is None) == (not request.stored):
        raise BadInput("A gate compares with a revision or a stored run: give --base REV, or --baseline RUN, not both.")
    compatibility.check_allowed(options.settings.allow)
    if request.base is None:
        if request.head:
            raise BadInput("--head needs --base: only the working tree can be compared with stored runs.")
        return against_runs(request, options)
    return against_revision(request, request.base, options), []


def against_revision(request: Request, base: str, options: GateOptions) -> Plan:
    """The plan that compares the working tree, or the request's `head`, with the revision `base`.

    Raises BadInput if the request is invalid; NotComparable if the history or a revision lacks what is needed;
    VariantFailed if the head cannot be imported.
    """
    sys.dont_write_bytecode = True  # registered variants may be imported from the user's working tree
    repository = Repository.here()
    base_side = _make_revision_side(repository, base)
    head_side = _make_revision_side(repository, request.head) if request.head else _make_working_tree_side(repository)
    names = [single.complete(name) for name in request.names] or options.variants or _raise_nothing_to_gate()
    for name in names:
        _check_head(name, head_side, repository)
    for name in names:
        _check_base(name, base_side, repository)

    def find(name: str) -> Variant | None:
        if command_lines.is_command(name):
            return None
        return registry.find(sources.reference(name, head_side.source), sources.path(head_side.source))

    plan = _draft(request, names, options, find=find)
    arms, triples = [], []
    for arm in plan.arms:
        old = replace(arm, label=f"{arm.label} at {base_side.name}", revision=base_side.revision)
        new = replace(arm, revision=head_side.revision)
        arms += [old, controls.repeat_of(old), new]
        base_repeat = arms[-2].label
        triples.append(Triple(arm.label, new.label, old.label, base_repeat, options.tolerances(arm.variant)))
    gate = Gate(tuple(triples), options.settings.unsure or "fail", base_side.text, head_side.text)
    return replace(
        plan,
        arms=tuple(arms),
        baseline=arms[0].label,
        gate=gate,
        preload=_select_installed_modules(plan.preload, repository),
    )


def against_variant(request: Request, name: str, than: str) -> Plan:
    """The plan that compares the variant `name` with the variant `than`, only in the time of a whole training.

    Raises BadInput if the request is invalid.
    """
    if name == than:
        raise BadInput(f"{name!r} cannot be compared with itself: name another variant.")
    plan = _draft(request, [than, name], GateOptions())
    base, head = plan.arms
    base_repeat = controls.repeat_of(base)
    tolerances = Tolerances({TOTAL_TIME: plan.tolerance})
    triple = Triple(head.label, head.label, base.label, base_repeat.label, tolerances)
    return replace(plan, arms=(base, base_repeat, head), gate=Gate((triple,), base=than, head=name))


def against_runs(request: Request, options: GateOptions) -> tuple[Plan, list[Stored]]:
    """The plan that compares the working tree with stored runs, and their results.

    Options that are not given are those of the first stored run. Raises BadInput if the request is invalid;
    NotComparable if a stored run lacks a variant, is incomplete, or differs in a way that matters; VariantFailed if the
    head cannot be imported.
    """
    from harness.analysis.gate.stored import stored  # imported here because it loads pandas

    records = [read(place) for place in request.stored]
    first = records[0].plan
    names = list(request.names) or options.variants or _find_gated_variants(records[0]) or _raise_nothing_to_gate()
    defaults = {name: getattr(first, name) for name in ("case", "scale", "seed", "threads")} | {
        "fresh": not (first.preload or first.warms)
    }
    missing = {name: value for name, value in defaults.items() if getattr(request, name) is None}
    try:
        plan = _draft(replace_request(request, **missing), names, options)
    except BadSource as error:
        raise VariantFailed(f"{' or '.join(names)} failed while it was imported: {error}") from None
    facts, versions = machine.facts(), machine.versions()
    lines = []
    for record in records:
        compatibility.refuse(record, plan, facts, versions, options.settings.allow)
        for arm in plan.arms:
            lines.append(replace(stored(record, _find_arm(record, arm.variant)), arm=arm.label))
    triples = tuple(Triple(arm.label, arm.label, None, None, options.tolerances(arm.variant)) for arm in plan.arms)
    runs = "the stored run" if len(records) == 1 else f"{len(records)} stored runs, the first"
    gate = Gate(triples, options.settings.unsure or "fail", f"{runs} {records[0].header.run}", "the working tree")
    fewest = plan.blocks if request.blocks else planning.FEWEST_BLOCKS
    return replace(plan, gate=gate, blocks=fewest, fewest=fewest, adapts=False), lines


def _raise_nothing_to_gate() -> NoReturn:
    raise BadInput("There is nothing to gate: name a variant, or list it in [tool.harness.gate] of pyproject.toml.")


def _find_gated_variants(record: Record) -> list[str]:
    """The variants that a stored gate checked; none for another command's run."""
    heads = _find_head_labels(record)
    return [arm.variant for arm in record.plan.arms if arm.label in heads]


def _find_head_labels(record: Record) -> set[str]:
    """The labels of a stored gate's heads; empty for another command's run."""
    gate = record.plan.gate
    return {triple.head for triple in gate.triples} if gate else set()


def _find_arm(record: Record, variant: str) -> str:
    """The arm of a stored run that ran this variant; in a gate, its head. Raises NotComparable if there is none."""
    run = record.header.run
    if record.partial:
        raise NotComparable(f"The stored run {run} was not completed: give another.")
    heads = _find_head_labels(record) or {arm.label for arm in record.plan.arms}
    found = [
        arm.label for arm in record.plan.arms if arm.variant == variant and arm.label in heads and not arm.slowdown
    ]
    if not found:
        available = ", ".join(arm.variant for arm in record.plan.arms if arm.label in heads)
        raise NotComparable(f"The stored run {run} does not have {variant!r}: it has {available}.")
    if record.failure(found[0]):
        raise NotComparable(f"In the stored run {run} {found[0]} failed: give another.")
    return found[0]


def _draft(
    request: Request, names: Sequence[str], options: GateOptions, find: Callable[[str], Variant | None] | None = None
) -> Plan:
    """A plan from the request, completed by the settings of pyproject.toml and then by a gate's own defaults."""
    defaults = {"threads": THREADS, "timeout": TIMEOUT}
    settings = {name: getattr(options.settings, name) for name in _SETTINGS}
    missing: dict[str, Any] = {
        name: defaults.get(name) if value is None else value
        for name, value in settings.items()
        if getattr(request, name) is None
    }
    return planning.draft(replace_request(request, names=tuple(names), **missing), TRAITS, find=find)


def _make_revision_side(repository: Repository, name: str) -> Side:
    commit = repository.resolve(name)
    source = Source(str(revisions.folder(commit)), repository.prefix, instead_of=str(repository.top))
    short = name[:_SHOWN] if commit.startswith(name) else name
    text = commit[:_SHOWN] if commit.startswith(name) else f"{name} ({commit[:_SHOWN]})"
    return Side(commit, short, text, source)


def _make_working_tree_side(repository: Repository) -> Side:
    changed = ", with changes that are not committed" if repository.has_changes() else ""
    text = f"the working tree, at {repository.resolve('HEAD')[:_SHOWN]}{changed}"
    return Side(None, "head", text, Source(str(repository.top), repository.prefix))


def _check_head(name: str, side: Side, repository: Repository) -> None:
    """Check that the head has a variant.

    Raises VariantFailed if its code cannot be imported. If it lacks the variant, raises BadInput for the working tree,
    NotComparable for a revision.
    """
    try:
        _find(name, side, repository)
    except BadSource as error:
        raise VariantFailed(f"{name} failed while it was imported: {_shorten(error, name, side)}") from None
    except BadInput as error:
        if side.revision is None:
            raise
        raise _lacks_variant(name, side, error) from None


def _check_base(name: str, side: Side, repository: Repository) -> None:
    """Check that the base has a variant. Raises NotComparable if it does not."""
    try:
        _find(name, side, repository)
    except BadInput as error:
        raise _lacks_variant(name, side, error) from None


def _find(name: str, side: Side, repository: Repository) -> None:
    """Check that one side has a variant. Raises BadInput if it does not."""
    if command_lines.is_command(name):
        command_lines.parse(name, Path(side.source.folder) / side.source.prefix)
        return
    reference = sources.reference(name, side.source)
    place = name.rpartition(":")[0]
    path = sources.path(side.source)
    if not place:
        registry.find(name)  # raises if it is not registered at all
        lookup.check(name, side.source)
    elif loading.is_file(place):
        if not Path(reference).is_relative_to(side.source.folder):
            raise BadInput(f"{place} is not in the repository at {repository.top}.")
        registry.find(reference)
    else:
        registry.find(name, path)
        file = registry.module_source(place, path)
        if file and not sources.holds_code_of(str(file), side.source.folder):
            raise BadInput(f"The module {place} is not in this repository but at {file}.")


def _lacks_variant(name: str, side: Side, error: BadInput) -> NotComparable:
    hint = _make_hint(sources.reference(name, side.source), side)
    return NotComparable(f"Revision {side.text} does not have {name!r}: {_shorten(error, name, side)}{hint}")


def _shorten(error: BadInput, name: str, side: Side) -> str:
    """The error's message without the temporary folder, which the user does not know."""
    return str(error).replace(f"{side.source.folder}/", "").removeprefix(f"{name!r}: ")


def _make_hint(reference: str, side: Side) -> str:
    """A hint for a file that the revision has, but that is missing from its archive."""
    path = Path(reference.rpartition(":")[0])
    if path.is_absolute() and path.is_relative_to(side.source.folder) and side.revision:
        inside = path.relative_to(side.source.folder)
        if not path.exists() and Repository.here().has_file(side.revision, str(inside)):
            return " (.gitattributes keeps it from git archive, by export-ignore.)"
    return ""


def _select_installed_modules(modules: Sequence[str], repository: Repository) -> tuple[str, ...]:
    """The modules that arms may be forked with: none if any is in the repository, whose code differs between arms."""
    for name in modules:
        found = importlib.util.find_spec(name.partition(".")[0])
        places = [found.origin, *(found.submodule_search_locations or ())] if found else []
        if any(place and sources.holds_code_of(place, str(repository.top)) for place in places):
            return ()
    return tuple(modules)
