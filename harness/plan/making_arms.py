"""Makes the arms of a plan from what was named, with the options that belong to each."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from harness.catalog import command_lines, epoch_places, registry, signatures
from harness.catalog.command_lines import CommandLine
from harness.errors import BadInput
from harness.plan.plan import WHOLE, Arm
from harness.plan.request import Request


def make_arms(names: Sequence[str], request: Request, compared_with: Sequence[str] = ()) -> list[Arm]:
    """Make an arm for each name, and for each reference solution that they are `compared_with`.

    Raises BadInput for options that do not fit the arms.
    """
    references = [*names, *compared_with]
    commands = [reference for reference in references if command_lines.is_command(reference)]
    programs = _read_commands(commands, request, only=len(commands) == len(references))
    given = request.labels
    if given and len(given) != len(names):
        raise BadInput(f"--label is given {len(given)} times for {len(names)} arm{'s' * (len(names) > 1)}.")
    labels = _choose_labels(references, commands, [*given, *map(registry.label, compared_with)] if given else ())
    settings = _choose_settings([one for one in references if one not in programs], request.settings)
    return [
        Arm(label, reference, settings.get(reference, {}), command=programs.get(reference))
        for label, reference in zip(labels, references, strict=True)
    ]


def _read_commands(commands: Sequence[str], request: Request, only: bool) -> dict[str, CommandLine]:
    """Read the command lines, with their options. `only` says whether there are no other arms."""
    places = request.epoch_at
    for place in places:
        epoch_places.check(place)
    if places and not commands:
        raise BadInput("--epoch-at is for command lines, and there is none: a trainer's epochs end with its epoch().")
    if request.whole and (places or not only):
        raise BadInput("--whole is for command lines alone, without --epoch-at.")
    if request.input and not commands:
        raise BadInput("--input is for command lines, and there is none.")
    if request.input and not request.input.is_file():
        raise BadInput(f"--input {request.input}: there is no such file.")
    given = str(request.input.absolute()) if request.input else None
    own = {"input": given, "whole": WHOLE * request.whole}
    lines = [replace(command_lines.parse(reference), **own) for reference in commands]
    found = epoch_places.resolve(places, lines)
    each = zip(commands, lines, found, strict=True)
    return {reference: replace(line, epochs_at=at) for reference, line, at in each}


def _choose_labels(references: Sequence[str], commands: Sequence[str], given: Sequence[str]) -> list[str]:
    """Return a label for each arm: those that were given, or its last name, or of a command line the words in which it
    differs. If that is not unique, it is the whole reference."""
    short = dict(zip(commands, command_lines.label_all(commands), strict=True))
    labels = list(given) or [short.get(reference) or registry.label(reference) for reference in references]
    times = Counter(labels)
    if given and len(times) < len(labels):
        raise BadInput(f"--label {times.most_common(1)[0][0]!r} is given more than once.")
    return [label if times[label] == 1 else reference for label, reference in zip(labels, references, strict=True)]


def _choose_settings(references: Sequence[str], options: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the settings of each arm that is no command line. Raises BadInput for one that no arm takes."""
    given = signatures.parse_settings(options)
    if given and not references:
        raise BadInput("--set is for classes and functions: a program has its arguments on its own line.")
    found = {reference: signatures.choose_settings(reference, given) for reference in references}
    signatures.check_used(given, references, {name for own in found.values() for name in own})
    return found
