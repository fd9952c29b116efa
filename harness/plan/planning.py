"""A request -> a plan: checked and completed before anything runs."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import inf, isfinite

from harness.catalog import registry
from harness.errors import BadInput
from harness.interface import Variant
from harness.plan import turn_length
from harness.plan.plan import AMPLE, PROBES, Arm, Plan, Target, usable_cores

A_WEEK = 7 * 24 * 3600
"""Seconds. Some of what an operating system waits by counts milliseconds in 32 bits, which is not four weeks."""
FEWEST_BLOCKS, MOST_BLOCKS = 3, 6
"""Where nobody says how many: two blocks give no verdict, and what six leave open is better asked for by number."""
MOST_IN_BUDGET = 8
"""The same where somebody says how long it may take."""
SEEDS = 3
"""Whole trainings of an arm where nobody says how many."""
FRESH = False
"""How arms start where nobody says: each as a process of its own (`--fresh`), or forked."""
_UNITS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600}


def make(
    command: str,
    names: Sequence[str],
    *,
    baseline: str | None = None,
    case: str | None = None,
    scale: str | None = None,
    epochs: int | None = None,
    blocks: int | None = None,
    budget: str | None = None,
    tolerance: float = 0.03,
    seed: int = 0,
    threads: int | None = None,
    timeout: float = 600.0,
    allow_nonfinite: bool = False,
    evaluations: int | None = None,
    target: str | None = None,
    fresh: bool = FRESH,
    exact_memory: bool = False,
    find: Callable[[str], Variant | None] | None = None,
) -> Plan:
    """Check a request and complete it. Raises BadInput with one sentence for whatever cannot be.

    With `evaluations` whole trainings run: one of each arm in each block, which is then a seed. Where nobody says how
    many blocks, they are as many as it takes to be clear, from 3 to 6. `find` is
    how a name is looked up.
    """
    just_looking = command == "compare" and not names and blocks is None and budget is None
    if command in ("profile", "selfcheck", "ablate"):
        names = list(names)
    elif evaluations is not None or command == "gate":
        names = _named(names)
    else:
        names = _with_baseline(_named(names), baseline)
    variants = {name: (find or registry.find)(name) for name in names}
    case = _choose("case", case, variants)
    scale = _choose("scale", scale, variants)
    aim = _target(target, variants)
    cores = len(usable_cores())
    threads = cores if threads is None else threads
    for name, value, least in (
        ("blocks" if evaluations is None else "seeds", blocks, 1),
        ("evaluations", evaluations, 1),
        ("threads", threads, 1),
        ("seed", seed, 0),
    ):
        if value is not None and value < least:
            raise BadInput(f"--{name} must be at least {least}, not {value}.")
    if threads > cores:
        raise BadInput(f"--threads {threads} is more than the {cores} cores that this process may use.")
    seconds = None if budget is None else _duration("--budget", budget)
    if epochs is None and evaluations is None and command != "gate" and (seconds is None or seconds >= AMPLE):
        epochs = max(filter(None, (_default_epochs(variant, scale) for variant in variants.values())), default=None)
    if epochs is not None and epochs < 1:
        raise BadInput(f"--epochs must be at least 1, not {epochs}.")
    if not 0 < timeout <= A_WEEK:
        raise BadInput(f"--timeout must be a positive number of seconds, at most a week ({A_WEEK}), not {timeout:g}.")
    if not 0 < tolerance <= 1:
        raise BadInput(f"--tolerance must be a share above 0 and at most 1, such as 0.03 for 3 %, not {tolerance:g}.")
    most = blocks or (
        SEEDS if evaluations is not None else MOST_IN_BUDGET if seconds or command == "gate" else MOST_BLOCKS
    )
    beside = [] if evaluations is None else _references(names, case, scale, aim)
    arms = tuple(_arms([*names, *beside]))
    known = {reference for of_one in registry.registered().references.values() for reference in of_one}
    held_against = {arm.label for arm in arms if arm.variant in known and evaluations is not None}
    return Plan(
        command=command,
        arms=arms,
        baseline=arms[names.index(baseline) if baseline else 0].label,
        case=case,
        scale=scale,
        epochs=epochs,
        blocks=most,
        fewest=min(FEWEST_BLOCKS, most) if blocks is None or seconds else most,
        tolerance=tolerance,
        budget=seconds,
        patience=AMPLE if just_looking else None,
        seed=seed,
        threads=threads,
        timeout=timeout,
        slice_seconds=turn_length.seconds(threads)[0],
        settling_seconds=turn_length.seconds(threads)[1],
        allow_nonfinite=allow_nonfinite,
        evaluations=evaluations,
        target=aim,
        probes=PROBES if command == "profile" else (),
        exact_memory=exact_memory,
        references=tuple(arm.label for arm in arms if arm.label in held_against),
        preload=() if fresh else _preload([arm.variant for arm in arms if arm.label not in held_against]),
    )


def _duration(option: str, text: str) -> float:
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
