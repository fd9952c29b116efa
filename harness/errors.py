"""The errors that harness reports, with the exit code of the process for each.

HarnessError
|-- Regressed          1   a gate found the head worse than its base
|-- BadInput           2   the user's request is invalid
|   |-- BadRecord      2   a record is unreadable; the message names file, line and field
|   `-- BadSource      2   the code of a variant cannot be imported; for the head of a gate that is a failure, 4
|-- Unsure             3   the machine is unfit for measuring, or it could not give an answer to the question
|-- VariantFailed      4   an arm raised an exception, died, hung, or returned something that is not a loss
|-- NotComparable      5   a gate has nothing to compare its head with: no such history, or another machine
`-- Interrupted      130   Ctrl-C

Any other exception that escapes is a bug in harness, and exits with code 70.
"""


class HarnessError(Exception):
    """An error whose message is one sentence for the user: what was wrong, where, and what to do."""

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
