"""A request -> a plan: checked and completed before anything runs."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite

from harness.catalog import registry
from harness.errors import BadInput
from harness.interface import Variant
from harness.plan import turn_length
from harness.plan.plan import AMPLE, Arm, Plan, Target, usable_cores
from harness.plan.request import Request

A_WEEK = 7 * 24 * 3600
"""Seconds. Some of what an operating system waits by counts milliseconds in 32 bits, which is not four weeks."""
FEWEST_BLOCKS, MOST_BLOCKS = 3, 6
"""Default numbers of blocks: two give no verdict, and what six leave open is better asked for by number."""
MOST_IN_BUDGET = 8
"""The same with a budget of time."""
TIMEOUT = 600.0
"""Default number of seconds without an answer after which an arm is given up."""
_UNITS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600}


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What of a plan depends on the command that it is for."""

    command: str
    default_names: bool = True
    """Whether it takes the variants that their collection compares where none are named."""
    adds_baseline: bool = False
    """Whether a variant that is named alone is held against the one that it changes."""
    usual_epochs: bool = True
    """Whether variants' own default number of epochs is taken."""
    small_scale: bool = False
    """Whether its default scale is the small one."""
    most_blocks: int = MOST_BLOCKS
    fewest_blocks: int | None = FEWEST_BLOCKS
    """From which on it may stop; None where nothing decides that before the last."""
    blocks_option: str = "blocks"
    counts_operations: bool = False
    """Whether arms count their operations, where there is time."""
    states_objectives: bool = False
    notes_phases: bool = False
    probes: tuple[str, ...] = ()


def draft(request: Request, traits: Traits, *, find: Callable[[str], Variant | None] | None = None) -> Plan:
    """Check a request and complete it. Raises BadInput with one sentence for whatever cannot be.

    With `evaluations` whole trainings run: one of each arm in each block, which is then a seed. The default number of
    blocks is as many as it takes to be clear. `find` is how a name is looked up.
    """
    names = list(request.names)
    if traits.default_names:
        names = _named(names)
    if traits.adds_baseline:
        names = _with_baseline(names, request.baseline)
    variants = {name: (find or registry.find)(name) for name in names}
    case = _choose("case", request.case, variants)
    scale = _choose("scale", request.scale, variants, small=traits.small_scale)
    trains = request.evaluations is not None
    aim = _target(request.target, variants)
    threads = _threads(request.threads)
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
        epochs = max(filter(None, (_default_epochs(variant, scale) for variant in variants.values())), default=None)
    if epochs is not None and epochs < 1:
        raise BadInput(f"--epochs must be at least 1, not {epochs}.")
    timeout = TIMEOUT if request.timeout is None else request.timeout
    if not 0 < timeout <= A_WEEK:
        raise BadInput(f"--timeout must be a positive number of seconds, at most a week ({A_WEEK}), not {timeout:g}.")
    if not 0 < request.tolerance <= 1:
        raise BadInput(
            f"--tolerance must be a share above 0 and at most 1, such as 0.03 for 3 %, not {request.tolerance:g}."
        )
    usual = max(traits.most_blocks, MOST_IN_BUDGET) if seconds and traits.fewest_blocks else traits.most_blocks
    most = request.blocks or usual
    may_stop = traits.fewest_blocks is not None and (request.blocks is None or bool(seconds))
    beside = _references(names, case, scale, aim) if trains else []
    arms = tuple(_arms([*names, *beside]))
    known = {reference for of_one in registry.registered().references.values() for reference in of_one}
    held_against = {arm.label for arm in arms if arm.variant in known and trains}
    return Plan(
        command=traits.command,
        arms=arms,
        baseline=arms[names.index(request.baseline) if request.baseline in names else 0].label,
        case=case,
        scale=scale,
        epochs=epochs,
        blocks=most,
        fewest=min(traits.fewest_blocks or most, most) if may_stop else most,
        tolerance=request.tolerance,
        budget=seconds,
        seed=request.seed or 0,
        threads=threads,
        timeout=timeout,
        slice_seconds=turn_length.seconds(threads)[0],
        settling_seconds=turn_length.seconds(threads)[1],
        allow_nonfinite=request.allow_nonfinite,
        evaluations=request.evaluations,
        target=aim,
        counts_operations=traits.counts_operations and (seconds is None or seconds >= AMPLE),
        states_objectives=traits.states_objectives,
        notes_phases=traits.notes_phases,
        probes=traits.probes,
        exact_memory=request.exact_memory,
        references=tuple(arm.label for arm in arms if arm.label in held_against),
        preload=() if request.fresh else _preload([arm.variant for arm in arms if arm.label not in held_against]),
    )


def _threads(wanted: int | None) -> int:
    cores = len(usable_cores())
    if wanted is not None and wanted > cores:
        raise BadInput(f"--threads {wanted} is more than the {cores} cores that this process may use.")
    return cores if wanted is None else wanted


def duration(option: str, text: str) -> float:
    """Seconds, from `90`, `90s`, `2min` or `1h`."""
    number = text.strip().lower().rstrip("smhin ")
    unit = text.strip().lower()[len(number) :].strip()
    try:
        seconds = float(number) * _UNITS[unit]
    except (KeyError, ValueError):
        seconds = 0.0
    if not 0 < seconds <= A_WEEK:
        raise BadInput(f"{option} must be a duration such as 90s or 2min, at most a week, not {text!r}.")
    return seconds


def _named(names: Sequence[str]) -> list[str]:
    """The variants asked for, each once, or those that are compared where nobody names any."""
    names = list(names) or list(registry.registered().compared)
    if not names:
        raise BadInput("There is nothing to run: name at least one variant.")
    for name, times in Counter(names).items():
        if times > 1:
            raise BadInput(f"{name!r} is named {times} times; an arm takes part once.")
    return names


def _with_baseline(names: list[str], baseline: str | None) -> list[str]:
    """The arms asked for and their baseline. A variant on its own is held against the one that it says it changes."""
    if baseline is None and len(names) == 1:
        alone = registry.find(names[0])
        baseline = alone.baseline if alone else None
    if baseline and baseline not in names:
        return [baseline, *names]
    return names


def _choose(what: str, wanted: str | None, variants: Mapping[str, Variant | None], small: bool = False) -> str | None:
    """A case or scale that every registered arm has; for arms that do not list what they have, what was asked for."""
    offers = {name: getattr(variant, f"{what}s") for name, variant in variants.items() if variant}
    offers = {name: offered for name, offered in offers.items() if offered}
    if wanted is None:
        if not offers:
            return None
        shared = [choice for choice in next(iter(offers.values()), ()) if all(choice in o for o in offers.values())]
        if not shared:
            raise BadInput(f"{' and '.join(offers)} have no {what} in common.")
        defaults = _defaults(what, variants, small)
        return next((choice for choice in defaults if choice in shared), shared[0])
    for name, offered in offers.items():
        if wanted not in offered:
            raise BadInput(f"There is no {what} {wanted!r} for {name!r}: choose from {', '.join(offered)}.")
    return wanted


def _defaults(what: str, variants: Mapping[str, Variant | None], small: bool) -> list[str]:
    """What the variants' collections take where nobody chooses, the small scale first where all have one."""
    of_variant = [registry.registered().defaults.get(name) for name in variants]
    known = [defaults for defaults in of_variant if defaults]
    found = [getattr(defaults, what) for defaults in known]
    if small and what == "scale" and len(known) == len(of_variant):
        found = [*(defaults.small_scale for defaults in known), *found]
    return [choice for choice in found if choice]


def _target(wanted: str | None, variants: Mapping[str, Variant | None]) -> Target | None:
    """`METRIC=VALUE`, of a metric that every variant has which says what metrics it has."""
    if wanted is None:
        return None
    metric, _, text = wanted.rpartition("=")
    try:
        value = float(text)
    except ValueError:
        value = -inf
    if not metric or not isfinite(value) or value < 0:
        raise BadInput(f"--target must be METRIC=VALUE, the value a finite number of at least 0, not {wanted!r}.")
    for name, variant in variants.items():
        if variant and variant.metrics and metric not in variant.metrics:
            raise BadInput(f"There is no metric {metric!r} for {name!r}: choose from {', '.join(variant.metrics)}.")
    return Target(metric, value)


def _references(names: Sequence[str], case: str | None, scale: str | None, target: Target | None) -> list[str]:
    """What to hold registered variants against: their collections' references, if those have case, scale and metric."""
    known = registry.registered()
    wanted = {"cases": case, "scales": scale, "metrics": target.metric if target else None}

    def suits(reference: str) -> bool:
        offers = {what: getattr(known.variants[reference], what) for what in wanted}
        return all(wanted[what] in offered for what, offered in offers.items() if offered and wanted[what] is not None)

    found = dict.fromkeys(reference for name in names for reference in known.references.get(name, ()))
    return [reference for reference in found if reference not in names and suits(reference)]


def _preload(names: Sequence[str]) -> tuple[str, ...]:
    """What arms can be forked from: all of them, since all are to start alike, or none."""
    known = registry.registered().preloads
    offered = {known.get(name, ()) for name in names}
    return offered.pop() if len(offered) == 1 else ()


def _default_epochs(variant: Variant | None, scale: str | None) -> int | None:
    epochs = variant.epochs if variant else None
    if isinstance(epochs, Mapping):
        return epochs.get(scale) if scale else None
    return epochs


def _arms(references: Sequence[str]) -> list[Arm]:
    """An arm for each reference, labelled by its last name where that is unique, else by the whole reference."""
    short = Counter(registry.label(reference) for reference in references)
    arms = []
    for reference in references:
        label = registry.label(reference)
        arms.append(Arm(label if short[label] == 1 else reference, reference))
    return arms
