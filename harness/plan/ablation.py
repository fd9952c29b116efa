"""Build the plan of an ablation: find the changes between two variants and plan an arm for each set of them."""

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
"""The label of the arm with none of the changes that a variant declares."""
EPOCHS_SHARED = 4
"""By default each cell runs the epochs of a comparison's arm divided by this number, because a share averages over many
cells."""
FEWEST_EPOCHS = 24
"""By default each cell runs at least this many epochs, or all epochs of a comparison's arm if those are fewer."""


def ablate(request: Request) -> Plan:
    """Return a plan with an arm for every set of changes between the request's `start` and `goal`.

    With more than `cells.MOST_CROSSED` changes, the plan has only the sets along some random orders of the changes.
    Raises BadInput if the two variants do not differ, if their changes cannot be separated, or as `planning.draft`
    does.
    """
    start, goal = request.start, request.goal
    if goal is None:
        raise BadInput("--to must name a variant: the one with all the changes.")
    names = (goal,) if start is None else (start, goal)
    traits = Traits(command="ablate", default_names=False, states_objectives=True)
    plan = planning.draft(replace_request(request, names=names), traits)
    decomposition = _Decomposition.of(start, declared(goal))
    fewest, most = plan.fewest, plan.blocks
    epochs = plan.epochs
    if epochs and request.epochs is None:
        epochs = max(epochs // EPOCHS_SHARED, min(epochs, FEWEST_EPOCHS))
    orders: tuple[tuple[str, ...], ...] = ()
    if len(decomposition.changes) > MOST_CROSSED:
        if request.blocks is None:
            few, many = cells.blocks_of_orders(decomposition.names)
            most = max(many, plan.blocks if plan.budget else 0)
            fewest = min(few, most)
        orders = cells.draw_orders(decomposition.names, most, plan.seed)
    applied = {decomposition.label(subset): subset for subset in cells.change_sets(decomposition.names, orders)}
    arms = tuple(Arm(label, decomposition.variant, decomposition.settings(subset)) for label, subset in applied.items())
    first, *_, last = applied
    ablation = Ablation(first, last, decomposition.changes, applied, orders)
    return replace(
        plan, arms=arms, baseline=first, epochs=epochs, blocks=most, fewest=fewest, adapts=False, ablation=ablation
    )


class _Decomposition:
    """The changes between two variants, and the settings and label of a variant with a subset of them."""

    def __init__(
        self, variant: str, ends: tuple[str, str], changes: Sequence[Change], goal_settings: Mapping[str, Any] | None
    ) -> None:
        self.variant, self.changes, self._ends = variant, tuple(changes), ends
        self._goal_settings = goal_settings
        """The new values of the settings that differ; None if the variant declares its changes."""
        self.names = [change.name for change in changes]
        self._registered = _index_by_settings(variant) if goal_settings is not None else {}

    @classmethod
    def of(cls, start: str | None, goal: Declared) -> "_Decomposition":
        if start is None:
            return cls._make_from_declared_changes(goal)
        if goal.changes:
            raise BadInput(f"{goal.reference!r} declares its own changes: leave out --from to start with none of them.")
        return cls._make_from_settings(declared(start), goal)

    @classmethod
    def _make_from_declared_changes(cls, goal: Declared) -> "_Decomposition":
        """Go from none of the changes that a variant declares to all of them."""
        if not goal.changes:
            raise BadInput(f"{goal.reference!r} declares no changes of its own: give the variant it changes as --from.")
        changes = [Change(name, str(text)) for name, text in goal.changes.items()]
        label = registry.label(goal.reference)
        return cls(goal.reference, (UNCHANGED if label != UNCHANGED else "without changes", label), changes, None)

    @classmethod
    def _make_from_settings(cls, start: Declared, goal: Declared) -> "_Decomposition":
        """Treat each setting in which two variants differ as a change. The same function must build both."""
        both = f"{start.reference!r} and {goal.reference!r}"
        if not (start.settings or goal.settings):
            raise BadInput(f"{both} declare no settings, so their changes cannot be determined.")
        alone = sorted(start.settings.keys() ^ goal.settings.keys())
        if alone:
            raise BadInput(f"{both} cannot be ablated: only one of them has the setting {alone[0]!r}.")
        if start.builder != goal.builder:
            raise BadInput(f"{both} cannot be ablated: they are built by different functions.")
        differing = [name for name in start.settings if start.settings[name] != goal.settings[name]]
        if not differing:
            raise BadInput(f"{both} have the same settings: there is no change to ablate.")
        changes = [
            Change(name, f"{_format_value(start.settings[name])} -> {_format_value(goal.settings[name])}")
            for name in differing
        ]
        short = [registry.label(variant.reference) for variant in (start, goal)]
        ends = (short[0], short[1]) if short[0] != short[1] else (start.reference, goal.reference)
        return cls(start.reference, ends, changes, {name: goal.settings[name] for name in differing})

    def settings(self, applied: Sequence[str]) -> dict[str, Any]:
        """Return the settings that build the variant with these changes applied."""
        if self._goal_settings is None:
            return {"changes": list(applied)}
        return {name: self._goal_settings[name] for name in applied}

    def label(self, applied: Sequence[str]) -> str:
        """Return the label of the arm with these changes applied.

        The empty and the full set have the labels of the two ends. A set in between is labelled with the registered
        variant that has the same settings, or else with its difference from the nearer end.
        """
        first, last = self._ends
        missing = [name for name in self.names if name not in applied]
        if not applied or not missing:
            return last if applied else first
        variant = self._registered.get(_make_settings_key(self.settings(applied)))
        if variant and variant not in self._ends:
            return variant
        if len(applied) > len(missing):
            return f"{last} {' '.join(f'-{name}' for name in missing)}"
        return " ".join(f"+{name}" for name in applied)


def _index_by_settings(start: str) -> dict[str, str]:
    """Map the settings that turn `start` into another registered variant to the name of that variant."""
    base = registry.registered().variants.get(start)
    if base is None:
        return {}
    found: dict[str, str] = {}
    own = declared(start)
    for name in registry.registered().variants:
        other = declared(name)
        if other.builder == own.builder and other.settings.keys() == own.settings.keys():
            differing = {key: value for key, value in other.settings.items() if value != own.settings[key]}
            found.setdefault(_make_settings_key(differing), name)
    return found


def _make_settings_key(settings: Mapping[str, Any]) -> str:
    return repr(sorted(settings.items()))


def _format_value(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
