"""Everything that can go wrong, and the code the process exits with.

HarnessError
|-- Regressed          1   a gate found the head worse than its base
|-- BadInput           2   what the user asked for cannot be
|   |-- BadRecord      2   a record is unreadable: names file, line and field
|   `-- BadSource      2   a variant's code cannot be imported; of a gate's head that is a failure, 4
|-- Unsure             3   the machine is not fit to measure on, or what was asked could not be told on it
|-- VariantFailed      4   an arm raised, died, hung, or returned what is not a loss
|-- NotComparable      5   a gate has nothing to hold its head against: no such history, or another machine
`-- Interrupted      130   Ctrl-C

Anything else that escapes is a fault of ours, and exits 70.
"""


class HarnessError(Exception):
    """One sentence for the user: what was wrong, where, and what to do."""

    exit_code = 70


class Regressed(HarnessError):
    exit_code = 1


class BadInput(HarnessError):
    exit_code = 2


class BadRecord(BadInput):
    pass


class BadSource(BadInput):
    pass


class Unsure(HarnessError):
    exit_code = 3


class VariantFailed(HarnessError):
    exit_code = 4


class NotComparable(HarnessError):
    exit_code = 5


class Interrupted(HarnessError):
    exit_code = 130
