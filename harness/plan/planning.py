"""Turn a request into a plan: check it and fill in defaults before anything runs."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_request
from math import inf, isfinite

from harness.catalog import registry, single
from harness.errors import BadInput
from harness.interface import Variant
from harness.plan import turn_length
from harness.plan.making_arms import make_arms
from harness.plan.plan import AMPLE, COUNTED_FROM, Plan, Target, usable_cores
from harness.plan.request import Request

A_WEEK = 7 * 24 * 3600
"""The longest duration allowed, in seconds. Some system calls that wait count milliseconds in 32 bits, which is less
than four weeks."""
FEWEST_BLOCKS, MOST_BLOCKS = 3, 6
"""The default minimum and maximum number of blocks. Two blocks give no verdict. If six leave a verdict unsure, the user
should choose a number."""
MOST_IN_BUDGET = 8
"""The default maximum number of blocks with a time budget."""
TIMEOUT = 600.0
"""The default number of seconds without an answer after which an arm is given up."""
_DEVICE = re.compile(r"cpu|\d{1,3}|(?:GPU|MIG)-[\w/-]+")
_UNITS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600}


@dataclass(frozen=True, kw_only=True)
class Traits:
    """The properties of a plan that depend on its command."""

    command: str
    default_names: bool = True
    """Whether the default variants are those that their collection compares."""
    adds_baseline: bool = False
    """Whether a single variant is compared with the one that it changes."""
    usual_epochs: bool = True
    """Whether the default number of epochs is that of the variants."""
    small_scale: bool = False
    """Whether the default scale is the small one."""
    most_blocks: int = MOST_BLOCKS
    """The default maximum number of blocks."""
    fewest_blocks: int | None = FEWEST_BLOCKS
    """The number of blocks after which the run may stop; None if it never stops early."""
    blocks_option: str = "blocks"
    """The name of the option that sets the number of blocks, without dashes."""
    counts_operations: bool = False
    """Whether arms count their operations and time their lines, if there is time."""
    counted_from: float = COUNTED_FROM
    """The budget in seconds from which on there is."""
    states_objectives: bool = False
    """Whether arms state the terms of their loss; see `Plan`."""
    notes_phases: bool = False
    """Whether to record the phase in which a function is traced; see `Plan`."""
    probes: tuple[str, ...] = ()
    """The probes that observe each arm, each in a separate pass; see `Plan`."""
    tries_another_seed: bool = False
    """Whether to run first epochs from another seed too; see `Plan`."""


def draft(request: Request, traits: Traits, *, find: Callable[[str], Variant | None] | None = None) -> Plan:
    """Check a request, fill in its defaults and return the plan.

    With `evaluations`, whole trainings run: one of each arm in each block, and each block has a different seed. By
    default a run may stop as soon as its verdicts are clear. `find` looks up a variant by name; the default is
    `registry.find`. Raises BadInput with a one-sentence message if the request is invalid.
    """
    names = [single.complete(name) for name in request.names]
    if request.baseline:
        request = replace_request(request, baseline=single.complete(request.baseline))
    if traits.default_names:
        names = _resolve_names(names)
    if traits.adds_baseline:
        names = _add_baseline(names, request.baseline)
    variants = {name: (find or registry.find)(name) for name in names}
    case = _choose("case", request.case, variants)
    scale = _choose("scale", request.scale, variants, small=traits.small_scale)
    trains = request.evaluations is not None
    target = _parse_target(request.target, variants)
    threads = _check_threads(request.threads)
    for name, value, least in (
        (traits.blocks_option, request.blocks, 1),
        ("evaluations", request.evaluations, 1),
        ("threads", threads, 1),
        ("seed", request.seed, 0),
    ):
        if value is not None and value < least:
            raise BadInput(f"--{name} must be at least {least}, not {value}.")
    seconds = None if request.budget is None else duration("--budget", request.budget)
    epochs = request.epochs
    if epochs is None and traits.usual_epochs and not trains and (seconds is None or seconds >= AMPLE):
        epochs = max(
            filter(None, (_find_default_epochs(variant, scale) for variant in variants.values())), default=None
        )
    if epochs is not None and epochs < 1:
        raise BadInput(f"--epochs must be at least 1, not {epochs}.")
    timeout = TIMEOUT if request.timeout is None else request.timeout
    if not 0 < timeout <= A_WEEK:
        raise BadInput(f"--timeout must be a positive number of seconds, at most a week ({A_WEEK}), not {timeout:g}.")
    if not 0 < request.tolerance <= 1:
        raise BadInput(
            f"--tolerance must be a share above 0 and at most 1, such as 0.03 for 3 %, not {request.tolerance:g}."
        )
    if request.device is not None and not _DEVICE.fullmatch(request.device):
        raise BadInput(
            f"--device must be cpu, or a GPU by number or UUID, such as 0 or GPU-..., not {request.device!r}."
        )
    usual = max(traits.most_blocks, MOST_IN_BUDGET) if seconds and traits.fewest_blocks else traits.most_blocks
    most = request.blocks or usual
    may_stop = traits.fewest_blocks is not None and (request.blocks is None or bool(seconds))
    references = _find_references(names, case, scale, target) if trains else []
    arms = tuple(make_arms(names, request, references))
    registered = {reference for group in registry.registered().references.values() for reference in group}
    reference_labels = {arm.label for arm in arms if arm.variant in registered and trains}
    trained = [arm.variant for arm in arms if arm.label not in reference_labels]
    preload = () if request.fresh else _choose_preload(trained)
    return Plan(
        command=traits.command,
        arms=arms,
        baseline=arms[names.index(request.baseline) if request.baseline in names else 0].label,
        case=case,
        scale=scale,
        epochs=epochs,
        blocks=most,
        fewest=min(traits.fewest_blocks or most, most) if may_stop else most,
        adapts=may_stop and request.blocks is None and not trains,
        tolerance=request.tolerance,
        budget=seconds,
        seed=request.seed or 0,
        threads=threads,
        timeout=timeout,
        slice_seconds=turn_length.seconds(threads)[0],
        settling_seconds=turn_length.seconds(threads)[1],
        allow_nonfinite=request.allow_nonfinite,
        evaluations=request.evaluations,
        target=target,
        counts_operations=traits.counts_operations and (seconds is None or seconds >= traits.counted_from),
        states_objectives=traits.states_objectives,
        notes_phases=traits.notes_phases,
        probes=traits.probes,
        tries_another_seed=traits.tries_another_seed,
        exact_memory=request.exact_memory,
        keep_caches=request.keep_caches,
        device=request.device,
        references=tuple(arm.label for arm in arms if arm.label in reference_labels),
        preload=preload,
        warms=not request.fresh and not preload,
    )


def _check_threads(threads: int | None) -> int:
    """Return the number of threads; the default is one for each usable core."""
    cores = len(usable_cores())
    if threads is not None and threads > cores:
        raise BadInput(f"--threads {threads} is more than the {cores} cores that this process may use.")
    return cores if threads is None else threads


def duration(option: str, text: str) -> float:
    """Return the seconds in `text`, such as `90`, `90s`, `2min` or `1h`.

    Raises BadInput, which names `option`, unless `text` is a positive duration of at most a week.
    """
    number = text.strip().lower().rstrip("smhin ")
    unit = text.strip().lower()[len(number) :].strip()
    try:
        seconds = float(number) * _UNITS[unit]
    except (KeyError, ValueError):
        seconds = 0.0
    if not 0 < seconds <= A_WEEK:
        raise BadInput(f"{option} must be a duration such as 90s or 2min, at most a week, not {text!r}.")
    return seconds


def _resolve_names(names: Sequence[str]) -> list[str]:
    """Return the requested variants, or by default those that are compared. Raises BadInput if one is repeated."""
    names = list(names) or list(registry.registered().compared)
    if not names:
        raise BadInput("There is nothing to run: name at least one variant.")
    for name, times in Counter(names).items():
        if times > 1:
            raise BadInput(f"{name!r} is named {times} times: name each variant once.")
    return names


def _add_baseline(names: list[str], baseline: str | None) -> list[str]:
    """Add the baseline to the requested arms. A single variant is compared with the one that it says it changes."""
    if baseline is None and len(names) == 1:
        variant = registry.find(names[0])
        baseline = variant.baseline if variant else None
    if baseline and baseline not in names:
        return [baseline, *names]
    return names


def _choose(what: str, choice: str | None, variants: Mapping[str, Variant | None], small: bool = False) -> str | None:
    """Return `choice`, or a default case or scale (`what`) that all variants have.

    `choice` is checked against each variant that lists its cases or scales; the other variants accept anything.
    """
    offers = {name: getattr(variant, f"{what}s") for name, variant in variants.items() if variant}
    offers = {name: offered for name, offered in offers.items() if offered}
    if choice is None:
        if not offers:
            return None
        shared = [option for option in next(iter(offers.values()), ()) if all(option in o for o in offers.values())]
        if not shared:
            raise BadInput(f"{' and '.join(offers)} have no {what} in common.")
        defaults = _find_defaults(what, variants, small)
        return next((option for option in defaults if option in shared), shared[0])
    for name, offered in offers.items():
        if choice not in offered:
            raise BadInput(f"There is no {what} {choice!r} for {name!r}: choose from {', '.join(offered)}.")
    return choice


def _find_defaults(what: str, variants: Mapping[str, Variant | None], small: bool) -> list[str]:
    """Return the defaults of the variants' collections, in order of preference.

    If `small` is set and every variant has defaults, the small scales come first.
    """
    of_variant = [registry.registered().defaults.get(name) for name in variants]
    known = [defaults for defaults in of_variant if defaults]
    found = [getattr(defaults, what) for defaults in known]
    if small and what == "scale" and len(known) == len(of_variant):
        found = [*(defaults.small_scale for defaults in known), *found]
    return [option for option in found if option]


def _parse_target(option: str | None, variants: Mapping[str, Variant | None]) -> Target | None:
    """Parse `METRIC=VALUE`. Every variant that lists its metrics must have the metric."""
    if option is None:
        return None
    metric, _, text = option.rpartition("=")
    try:
        value = float(text)
    except ValueError:
        value = -inf
    if not metric or not isfinite(value) or value < 0:
        raise BadInput(f"--target must be METRIC=VALUE with a finite value of at least 0, not {option!r}.")
    for name, variant in variants.items():
        if variant and variant.metrics and metric not in variant.metrics:
            raise BadInput(f"There is no metric {metric!r} for {name!r}: choose from {', '.join(variant.metrics)}.")
    return Target(metric, value)


def _find_references(names: Sequence[str], case: str | None, scale: str | None, target: Target | None) -> list[str]:
    """Return the references of the variants' collections that have the case, the scale and the target's metric."""
    catalog = registry.registered()
    required = {"cases": case, "scales": scale, "metrics": target.metric if target else None}

    def suits(reference: str) -> bool:
        variant = catalog.variants[reference]
        offers = {what: getattr(variant, what) for what in required if required[what] is not None}
        return all(required[what] in offered for what, offered in offers.items() if offered)

    found = dict.fromkeys(reference for name in names for reference in catalog.references.get(name, ()))
    return [reference for reference in found if reference not in names and suits(reference)]


def _choose_preload(names: Sequence[str]) -> tuple[str, ...]:
    """Return the modules to import before arms are forked.

    All arms must start in the same way, so the result is empty unless all have the same modules.
    """
    preloads = registry.registered().preloads
    offered = {preloads.get(name, ()) for name in names}
    return offered.pop() if len(offered) == 1 else ()


def _find_default_epochs(variant: Variant | None, scale: str | None) -> int | None:
    """Return a variant's default number of epochs at a scale, if it has one."""
    epochs = variant.epochs if variant else None
    if isinstance(epochs, Mapping):
        return epochs.get(scale) if scale else None
    return epochs
