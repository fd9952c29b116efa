"""A pytest plugin: a project's tests can assert that one variant is no slower than another.

    def test_moments_cost_nothing(harness_gate):
        assert harness_gate.no_slower("moments", than="original", tolerance=0.03)

It measures as `harness gate` does. If the result is unsure, the test is skipped, and the reason says what it would take
to tell; if an arm fails, the test fails.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

ACCEPTED = ("case", "scale", "epochs", "blocks", "seed", "threads", "timeout")
"""Options of the command line that `no_slower` accepts in addition to its own arguments."""


@dataclass(frozen=True)
class NoSlower:
    """The answer: true or false, with what was found in `text`, which a failed assertion shows."""

    holds: bool
    text: str

    def __bool__(self) -> bool:
        return self.holds

    def __repr__(self) -> str:
        return f"<{self.text}>"


class PytestGate:
    """The object that the fixture `harness_gate` provides. `folder` returns a new directory for a run."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder

    def no_slower(
        self, name: str, *, than: str, tolerance: float = 0.03, budget: str | None = "2min", **request: Any
    ) -> NoSlower:
        """Whether a whole training of `name` takes at most `tolerance`, as a share, longer than one of `than`.

        `case`, `scale`, `epochs`, `blocks`, `seed`, `threads` and `timeout` are as on the command line. Skips the test
        if the result is unsure. Raises BadInput for invalid options, VariantFailed if an arm fails.
        """
        from harness import rounding
        from harness.analysis.gate.check import IMPROVED, OK, UNSURE
        from harness.analysis.gate.judge import gate_verdict
        from harness.analysis.gate.look import look
        from harness.commands.gate_plan import against_variant
        from harness.engine.session import measure
        from harness.errors import BadInput, VariantFailed
        from harness.plan.request import Request
        from harness.report.sections.gate import sentence_of
        from harness.suggest import nearest

        for unknown in [name for name in request if name not in ACCEPTED]:
            raise BadInput(f"no_slower() has no option {unknown!r}: {nearest(unknown, ACCEPTED)}")
        started = monotonic()

        def elapsed() -> float:
            return monotonic() - started

        plan = against_variant(Request(tolerance=tolerance, budget=budget, **request), name, than)
        record = measure(plan, self._folder(), lambda *_: None, lambda so_far: look(so_far, elapsed()), elapsed)
        if record.footer and record.footer.status == "interrupted":
            raise KeyboardInterrupt  # for pytest to handle
        for arm in plan.arms:
            if failure := record.failure(arm.label):
                raise VariantFailed(f"{arm.label} failed {failure.moment}: {failure.reason}")
        verdict = gate_verdict(record)
        check = verdict.checks[0] if verdict and verdict.checks else None
        if check is None or check.answer == UNSURE:
            pytest.skip(
                sentence_of(check) if check else f"{name} and {than} took no turns, so there is nothing to compare."
            )
        found = f" ({rounding.percent_change(check.ratio.estimate)})" if check.ratio else ""
        holds = check.answer in (OK, IMPROVED)
        base, _, head = (arm.label for arm in plan.arms)
        allowed = f"{rounding.percent(tolerance)} is allowed"
        return NoSlower(holds, f"{head} is {'no ' if holds else ''}slower than {base}{found}; {allowed}")


@pytest.fixture
def harness_gate(tmp_path_factory: pytest.TempPathFactory) -> PytestGate:
    """Checks that one variant is no slower than another: `assert harness_gate.no_slower("b", than="a")`."""
    return PytestGate(lambda: tmp_path_factory.mktemp("gate"))


@pytest.fixture
def gate(harness_gate: PytestGate) -> PytestGate:
    """The former name of `harness_gate`."""
    warnings.warn("the fixture `gate` is called `harness_gate` now", DeprecationWarning, stacklevel=2)
    return harness_gate
