"""Two ways of training -> the plan that takes the changes between them apart."""

from collections.abc import Mapping, Sequence
from dataclasses import replace as replace_request
from typing import Any

from msgspec.structs import replace

from harness.catalog import registry
from harness.catalog.declarations import Declared, declared
from harness.errors import BadInput
from harness.plan import cells, planning
from harness.plan.cells import MOST_CROSSED, Ablation, Change
from harness.plan.plan import Arm, Plan
from harness.plan.planning import Traits
from harness.plan.request import Request

UNCHANGED = "unchanged"
"""The label of a variant with none of the changes that it declares."""
EPOCHS_SHARED = 4
"""Where nobody says how many epochs to run, each cell runs this part of what an arm of a comparison does: a share is an
average over many cells."""
FEWEST_EPOCHS = 24
"""But no fewer than these, if an arm of a comparison runs as many."""


def ablate(request: Request) -> Plan:
    """The plan of every set of changes between the request's `start` and `goal`, or of sets along some orders of them.

    Raises BadInput where there is nothing between the two, or what there is cannot be taken apart; and as
    `planning.draft` does.
    """
    start, goal = request.start, request.goal
    if goal is None:
        raise BadInput("--to must name a variant: the one with all the changes.")
    names = (goal,) if start is None else (start, goal)
    traits = Traits(command="ablate", default_names=False, states_objectives=True)
    plan = planning.draft(replace_request(request, names=names), traits)
    apart = _Apart.of(start, declared(goal))
    fewest, most = plan.fewest, plan.blocks
    epochs = plan.epochs
    if epochs and request.epochs is None:
        epochs = max(epochs // EPOCHS_SHARED, min(epochs, FEWEST_EPOCHS))
    orders: tuple[tuple[str, ...], ...] = ()
    if len(apart.changes) > MOST_CROSSED:
        if request.blocks is None:
            few, many = cells.blocks_of_orders(apart.names)
            most = max(many, plan.blocks if plan.budget else 0)
            fewest = min(few, most)
        orders = cells.draw_orders(apart.names, most, plan.seed)
    made = {apart.label(some): some for some in cells.sets(apart.names, orders)}
    arms = tuple(Arm(label, apart.variant, apart.settings(some)) for label, some in made.items())
    first, *_, last = made
    ablation = Ablation(first, last, apart.changes, made, orders)
    return replace(plan, arms=arms, baseline=first, epochs=epochs, blocks=most, fewest=fewest, ablation=ablation)


class _Apart:
    """What lies between two variants, and how a variant is built that has some of it."""

    def __init__(
        self, variant: str, ends: tuple[str, str], changes: Sequence[Change], wanted: Mapping[str, Any] | None
    ) -> None:
        self.variant, self.changes, self._ends, self._wanted = variant, tuple(changes), ends, wanted
        self.names = [change.name for change in changes]
        self._known = _by_settings(variant) if wanted is not None else {}

    @classmethod
    def of(cls, start: str | None, goal: Declared) -> "_Apart":
        if start is None:
            return cls._declared(goal)
        if goal.changes:
            raise BadInput(
                f"{goal.reference!r} declares changes of its own: leave --from out, to begin with none of them."
            )
        return cls._between(declared(start), goal)

    @classmethod
    def _declared(cls, goal: Declared) -> "_Apart":
        """From none of the changes that a variant declares to all of them."""
        if not goal.changes:
            raise BadInput(f"{goal.reference!r} declares no changes of its own: say with --from what it changes.")
        changes = [Change(name, str(text)) for name, text in goal.changes.items()]
        label = registry.label(goal.reference)
        return cls(goal.reference, (UNCHANGED if label != UNCHANGED else "without changes", label), changes, None)

    @classmethod
    def _between(cls, start: Declared, goal: Declared) -> "_Apart":
        """The settings in which two variants differ that one function builds."""
        both = f"{start.reference!r} and {goal.reference!r}"
        if not (start.settings or goal.settings):
            raise BadInput(f"{both} declare no settings, by which their changes could be told.")
        alone = sorted(start.settings.keys() ^ goal.settings.keys())
        if alone:
            raise BadInput(f"{both} cannot be taken apart: only one of them has the setting {alone[0]!r}.")
        if start.builder != goal.builder:
            raise BadInput(f"{both} cannot be taken apart: they are built by different functions.")
        differing = [name for name in start.settings if start.settings[name] != goal.settings[name]]
        if not differing:
            raise BadInput(f"{both} have the same settings: there is no change to take apart.")
        changes = [Change(name, f"{_word(start.settings[name])} -> {_word(goal.settings[name])}") for name in differing]
        short = [registry.label(one.reference) for one in (start, goal)]
        ends = (short[0], short[1]) if short[0] != short[1] else (start.reference, goal.reference)
        return cls(start.reference, ends, changes, {name: goal.settings[name] for name in differing})

    def settings(self, made: Sequence[str]) -> dict[str, Any]:
        """What the variant is built with so that it has made these changes."""
        if self._wanted is None:
            return {"changes": list(made)}
        return {name: self._wanted[name] for name in made}

    def label(self, made: Sequence[str]) -> str:
        """The ends by their names, and a set between them by the registered variant that it is, or by how it differs
        from the nearer end."""
        first, last = self._ends
        lacking = [name for name in self.names if name not in made]
        if not made or not lacking:
            return last if made else first
        known = self._known.get(_key(self.settings(made)))
        if known and known not in self._ends:
            return known
        if len(made) > len(lacking):
            return f"{last} {' '.join(f'-{name}' for name in lacking)}"
        return " ".join(f"+{name}" for name in made)


def _by_settings(start: str) -> dict[str, str]:
    """The registered variants that `start` becomes with other settings, by those."""
    base = registry.registered().variants.get(start)
    if base is None:
        return {}
    found: dict[str, str] = {}
    own = declared(start)
    for name in registry.registered().variants:
        other = declared(name)
        if other.builder == own.builder and other.settings.keys() == own.settings.keys():
            differing = {what: value for what, value in other.settings.items() if value != own.settings[what]}
            found.setdefault(_key(differing), name)
    return found


def _key(settings: Mapping[str, Any]) -> str:
    return repr(sorted(settings.items()))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
