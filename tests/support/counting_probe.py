"""A probe of a user's own, in a file of its own."""

import sys
from typing import ClassVar


class Calls:
    """How often an epoch calls a function of the name `epoch`: once, or twice where it calls its parent's."""

    name = "calls"
    unavailable: ClassVar = {}

    def begin(self, fresh):
        self.calls = 0
        sys.setprofile(self._note)

    def end(self, wall):
        sys.setprofile(None)
        return self.calls

    def _note(self, frame, event, argument):
        self.calls += event == "call" and frame.f_code.co_name == "epoch"


class Silent(Calls):
    """Sees nothing, and says why."""

    name = "silence"
    unavailable: ClassVar = {"silence": "nobody listens"}

    def end(self, wall):
        super().end(wall)


class Breaks(Calls):
    def __init__(self):
        raise ValueError("there is no such counter")
