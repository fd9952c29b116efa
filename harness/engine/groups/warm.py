"""Which fork server each arm of a group comes from.

Arms whose variants declare what they import are forked from the first block on. Others are fresh processes in the first
block, which show what they import and whether that leaves the process fit for forking. From the second block on they
are forked from processes that have imported the same, if all of them can be: arms of a block start in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.catalog.command_lines import CommandLine
from harness.engine.groups.known import Known
from harness.engine.machine.gpus import get_gpus
from harness.engine.processes.fork_client import Wanted
from harness.engine.processes.surroundings import list_variables
from harness.plan.plan import Arm, Plan


def choose_servers(plan: Plan, block: int, arms: Sequence[Arm], known: Known) -> dict[str, Wanted]:
    """Return the fork server that each arm needs, without the arms that start as fresh processes."""
    seed = plan.seed_of(block)
    if plan.preload:
        forked = [arm for arm in arms if arm.label not in plan.references and arm.command is None]
        return {arm.label: Wanted(seed, modules=plan.preload) for arm in forked}
    forked = [arm for arm in arms if arm.label not in plan.references]
    # Nothing tells whether a library has touched a GPU, which a forked process could then not use.
    if not block or not plan.may_warm or len(get_gpus()) or any(explain_fresh(arm, known) for arm in forked):
        return {}
    return {arm.label: _want(arm, plan, seed, known) for arm in forked}


def explain_fresh(arm: Arm, known: Known) -> str:
    """Return why an arm has to be a fresh process; empty if it may be forked."""
    if arm.label not in known.libraries:
        return "it has not been seen yet"
    found = known.libraries[arm.label]
    if arm.command and arm.command.input:
        return "it reads a file as its standard input"
    if arm.command and _is_marked(arm.command, found.files):
        return "its epochs are marked in a library as that is imported"
    return found.not_forkable or ("" if found.files else "it imports no large library")


def _is_marked(command: CommandLine, files: Mapping[str, str]) -> bool:
    """Whether the source of a library has to be changed to see the epochs: it is named, or the program itself."""
    folders = [Path(file).parent for file in files.values()]
    named = [Path(place.rpartition(":")[0]) for place in command.epochs_at]
    return (command.module or "").partition(".")[0] in files or any(
        path.absolute().is_relative_to(folder) for path in named for folder in folders
    )


def _want(arm: Arm, plan: Plan, seed: int, known: Known) -> Wanted:
    command = arm.command
    return Wanted(
        seed,
        files=tuple(known.libraries[arm.label].files.items()),
        interpreter=command.interpreter if command else None,
        flags=tuple(command.flags) if command else (),
        variables=tuple({**list_variables(plan), **(command.variables if command else {})}.items()),
    )
