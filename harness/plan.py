"""A request -> a plan: what will run, fixed before anything runs, and written to the record's first line."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import msgspec

from harness import catalog
from harness.errors import BadInput
from harness.interface import Variant


class Arm(msgspec.Struct, frozen=True):
    """A variant taking part: which one, with what settings, from which git revision, under what label."""

    label: str
    variant: str
    settings: dict[str, Any] = {}
    revision: str | None = None
    """None is the working tree."""


class Plan(msgspec.Struct, frozen=True):
    """Everything that decides what a run does."""

    command: str
    arms: tuple[Arm, ...]
    baseline: str
    case: str | None
    """None where nobody asked for one and no arm says that it has any; likewise `scale`."""
    scale: str | None
    epochs: int | None
    """Steady epochs an arm and block, shared among the kinds; without `seek`, epochs in order. None: as many as fill
    ten slices of each kind, by the arms' pace."""
    blocks: int
    seed: int
    threads: int
    timeout: float = 600.0
    """Seconds that an arm may take to build, or to run one slice, before it is given up."""
    slice_seconds: float = 0.3
    """A slice of short epochs lasts at least this long, so that switching arms costs little."""
    allow_nonfinite: bool = False


def make(
    command: str,
    names: Sequence[str],
    *,
    baseline: str | None = None,
    case: str | None = None,
    scale: str | None = None,
    epochs: int | None = None,
    blocks: int = 3,
    seed: int = 0,
    threads: int | None = None,
    timeout: float = 600.0,
    allow_nonfinite: bool = False,
) -> Plan:
    """Check a request and complete it. Raises BadInput with one sentence for whatever cannot be."""
    references = list(names) if command == "profile" else _with_baseline(list(names), baseline)
    variants = {reference: catalog.find(reference) for reference in references}
    case = _choose("case", case, variants)
    scale = _choose("scale", scale, variants)
    cores = len(usable_cores())
    threads = cores if threads is None else threads
    for name, value, least in (("blocks", blocks, 1), ("threads", threads, 1), ("seed", seed, 0)):
        if value < least:
            raise BadInput(f"--{name} must be at least {least}, not {value}.")
    if threads > cores:
        raise BadInput(f"--threads {threads} is more than the {cores} cores that this process may use.")
    if epochs is None:
        epochs = max(filter(None, (_default_epochs(variant, scale) for variant in variants.values())), default=None)
    if epochs is not None and epochs < 1:
        raise BadInput(f"--epochs must be at least 1, not {epochs}.")
    if not 0 < timeout < inf:
        raise BadInput(f"--timeout must be a positive number of seconds, not {timeout:g}.")
    arms = tuple(_arms(references))
    return Plan(
        command=command,
        arms=arms,
        baseline=arms[references.index(baseline) if baseline else 0].label,
        case=case,
        scale=scale,
        epochs=epochs,
        blocks=blocks,
        seed=seed,
        threads=threads,
        timeout=timeout,
        allow_nonfinite=allow_nonfinite,
    )


def usable_cores() -> list[int]:
    """The processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _with_baseline(names: list[str], baseline: str | None) -> list[str]:
    """The arms asked for and their baseline. A variant on its own is held against the one that it says it changes."""
    names = names or list(catalog.registered().compared)
    if not names:
        raise BadInput("There is nothing to compare: name at least one variant.")
    for name, times in Counter(names).items():
        if times > 1:
            raise BadInput(f"{name!r} is named {times} times; an arm is compared once.")
    if baseline is None and len(names) == 1:
        alone = catalog.find(names[0])
        baseline = alone.baseline if alone else None
    if baseline and baseline not in names:
        return [baseline, *names]
    return names


def _choose(what: str, wanted: str | None, variants: Mapping[str, Variant | None]) -> str | None:
    """A case or scale that every registered arm has; for arms that do not say what they have, the user's word."""
    offers = {name: getattr(variant, f"{what}s") for name, variant in variants.items() if variant}
    offers = {name: offered for name, offered in offers.items() if offered}
    if wanted is None:
        if not offers:
            return None
        default = {"case": "case1", "scale": "laptop"}[what]
        shared = [choice for choice in next(iter(offers.values()), ()) if all(choice in o for o in offers.values())]
        if not shared:
            raise BadInput(f"{' and '.join(offers)} have no {what} in common.")
        return default if default in shared else shared[0]
    for name, offered in offers.items():
        if wanted not in offered:
            raise BadInput(f"There is no {what} {wanted!r} for {name!r}: choose from {', '.join(offered)}.")
    return wanted


def _default_epochs(variant: Variant | None, scale: str | None) -> int | None:
    epochs = variant.epochs if variant else None
    if isinstance(epochs, Mapping):
        return epochs.get(scale) if scale else None
    return epochs


def _arms(references: Sequence[str]) -> list[Arm]:
    """An arm for each reference, labelled by its last name where that is unique, else by the whole reference."""
    short = Counter(catalog.label(reference) for reference in references)
    arms = []
    for reference in references:
        label = catalog.label(reference)
        arms.append(Arm(label if short[label] == 1 else reference, reference))
    return arms
