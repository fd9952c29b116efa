"""A command's plan, in a line."""

from harness.commands.registry import COMMANDS
from harness.plan.plan import Plan
from harness.plan.request import Request


def planned(command: str, *names: str, **options: object) -> Plan:
    """What `command` plans for these variants, in place of which there may be one list of them; `options` are the
    other fields of a `Request`."""
    listed = names if all(isinstance(name, str) for name in names) else [*names[0]]
    return COMMANDS[command].plan(Request(names=tuple(listed), **options)).plan
