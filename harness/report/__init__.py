"""The reports of a run.

The package is also callable, since training code gives its losses with `harness.report(loss=...)`.
"""

import sys
from types import ModuleType
from typing import Any

from harness.loops import report


class _CallableModule(ModuleType):
    """A module that is also the function of the same name, which importing the package would otherwise replace."""

    def __call__(self, **losses: Any) -> None:
        report(**losses)


sys.modules[__name__].__class__ = _CallableModule
