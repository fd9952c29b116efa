"""Notices in which loop of a program gradients are computed, while it runs as a whole because no epoch was seen.

Some times a second it looks at the stack of the main thread. So it costs the program next to nothing, and sees a loop
only if it runs for that long, or compiles in one of its passes.
"""

from __future__ import annotations

import ast
import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType

from harness.worker.imports.ownership import is_own
from harness.worker.probes.places import line_of
from harness.worker.programs.guessing import Loop, rank_loop

SECONDS = 0.1
"""The time between two looks."""
_GRADIENTS = {
    *("backward", "gradient", "gradients", "grad", "grad_f", "value_and_grad", "value_and_grad_f", "backward_pass"),
    *("_gradient_function", "_engine_run_backward", "apply_gradients", "vjp", "_vjp", "_vjp_pullback_wrapper"),
}
"""Functions of frameworks, and of programs, that compute gradients."""


class LoopSamples:
    """Looks at the stack of the main thread while it is entered."""

    def __init__(self) -> None:
        self._lines: Counter[tuple[str, int]] = Counter()
        """How often a line of the program was on the stack while gradients were computed."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_often, name="harness loop samples", daemon=True)

    def __enter__(self) -> LoopSamples:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def find_loop(self) -> str:
        """Return the loop in which gradients were computed, as `file:line`; empty if none was seen."""
        seen: Counter[tuple[str, Loop]] = Counter()
        trees: dict[str, list[Loop]] = {}
        for (path, line), times in self._lines.items():
            if path not in trees:
                trees[path] = _read_loops(path)
            for loop in trees[path]:
                if loop.lineno <= line <= (loop.end_lineno or loop.lineno):
                    seen[path, loop] += times
        if not seen:
            return ""
        path, loop = max(seen, key=lambda one: (rank_loop(one[1]), seen[one], -one[1].lineno))
        return f"{path}:{loop.lineno}"

    def _look_often(self) -> None:
        main = threading.main_thread().ident
        while not self._over.wait(SECONDS):
            frame = sys._current_frames().get(main or 0)
            if frame is not None:
                self._note(frame)
            del frame  # it would keep the program's objects alive

    def _note(self, frame: FrameType | None) -> None:
        lines, computes = set(), False
        while frame is not None:
            line = line_of(frame)
            computes = computes or frame.f_code.co_name in _GRADIENTS
            if is_own(line.path):
                lines.add((line.path, line.number))
            frame = frame.f_back
        if computes:
            self._lines.update(lines)


def _read_loops(path: str) -> list[Loop]:
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return []
    return [node for node in ast.walk(tree) if isinstance(node, Loop)]
