"""`LaunchLogger` of PhysicsNeMo: its examples train within `with LaunchLogger(name, epoch=epoch) as log:`.

The name, such as "train" or "valid", is the kind of these epochs.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from harness.worker.programs.adapters.base import make_loop
from harness.worker.programs.watcher import Loop, Watcher


class _PhysicsNeMo:
    modules = ("physicsnemo.utils.logging.launch", "physicsnemo.launch.logging.launch", "modulus.launch.logging.launch")

    def install(self, module: ModuleType, watcher: Watcher) -> None:
        logger = module.LaunchLogger
        enter, leave = logger.__enter__, logger.__exit__
        loops: dict[str, Loop] = {}

        def enters(self: Any) -> Any:
            if self.name_space not in loops:
                loops[self.name_space] = make_loop("PhysicsNeMo's LaunchLogger", str(self.name_space))
            watcher.begin(loops[self.name_space])
            return enter(self)

        def leaves(self: Any, *error: Any) -> Any:
            returned = leave(self, *error)
            if error[:1] != (None,):
                watcher.cancel(loops[self.name_space])
            else:
                watcher.end(loops[self.name_space], getattr(self, "epoch_losses", None))
            return returned

        logger.__enter__, logger.__exit__ = enters, leaves


ADAPTER = _PhysicsNeMo()
