"""Which commands there are. A new one is a file and a line here, or a call of `register`."""

from harness.commands.ablate import Ablate
from harness.commands.base import Command
from harness.commands.compare import Compare
from harness.commands.converge import Converge
from harness.commands.gate import Gate
from harness.commands.profile import Profile
from harness.commands.selfcheck import SelfCheck

COMMANDS: dict[str, Command] = {
    one.name: one for one in (Compare(), Ablate(), Converge(), Profile(), Gate(), SelfCheck())
}
"""By name, in the order in which they are listed."""


def register(command: Command) -> None:
    """Add a command of one's own."""
    COMMANDS[command.name] = command


def command_of(name: str) -> Command:
    """The command of a run; that of one which is not known here is shown as a comparison."""
    return COMMANDS.get(name) or COMMANDS[Compare.name]
