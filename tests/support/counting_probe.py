"""A custom probe in a separate file."""

import sys
from typing import ClassVar


class Calls:
    """Counts the calls of functions named `epoch` in an epoch: one, or two if it calls its parent's."""

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
    """Observes nothing and gives a reason."""

    name = "silence"
    unavailable: ClassVar = {"silence": "nobody listens"}

    def end(self, wall):
        super().end(wall)


class Breaks(Calls):
    def __init__(self):
        raise ValueError("there is no such counter")
