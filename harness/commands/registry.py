"""All commands. To add one, write a file and a line here, or call `register`."""

from harness.commands.ablate import Ablate
from harness.commands.base import Command
from harness.commands.compare import Compare
from harness.commands.converge import Converge
from harness.commands.explain import Explain
from harness.commands.gate import Gate
from harness.commands.profile import Profile
from harness.commands.selfcheck import SelfCheck

COMMANDS: dict[str, Command] = {
    command.name: command for command in (Compare(), Explain(), Ablate(), Converge(), Profile(), Gate(), SelfCheck())
}
"""The commands by name, in the order of `--help`."""


def register(command: Command) -> None:
    """Add a command, or replace the one of the same name."""
    COMMANDS[command.name] = command


def command_of(name: str) -> Command:
    """The command of that name. An unknown one, whose script is not running, is shown as a comparison."""
    return COMMANDS.get(name) or COMMANDS[Compare.name]
