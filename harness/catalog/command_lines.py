"""Reads an arm that is a command line, such as `train.py --width 128` or `old/bin/python -m package.train`."""

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from harness.errors import BadInput
from harness.worker.imports import loading

_TAKES_VALUE = ("-W", "-X", "--check-hash-based-pycs")
"""The options of Python that are followed by a value."""
_SHEBANG_BYTES = 512
OLDEST = (3, 10)
"""The oldest version of Python in which a program can be measured."""
ANSWER_SECONDS = 60.0
"""Seconds within which an interpreter must say its version."""


class CommandLine(msgspec.Struct, frozen=True, kw_only=True):
    """A Python program with its arguments, as one would start it in a shell."""

    interpreter: str | None = None
    """The path of the interpreter; None means the one that runs harness."""
    flags: tuple[str, ...] = ()
    """The options of the interpreter."""
    variables: dict[str, str] = {}
    """The environment variables that are set in front of the command."""
    script: str | None = None
    module: str | None = None
    """The module, if it is run with `-m`."""
    arguments: tuple[str, ...] = ()
    input: str | None = None
    """The file that the program reads as its standard input; None for an empty one."""
    epochs_at: tuple[str, ...] = ()
    """Where epochs end, if the program does not mark them."""
    whole: str = ""
    """What to call the program if it is measured as a whole, from start to end. Empty if its epochs are watched."""


def is_command(reference: str) -> bool:
    """Whether an arm is a command line, and not a name, a `file.py:Name` or a `package.module:Name`."""
    if Path(reference).is_file() or reference.endswith(".py"):
        return True
    place, _, name = reference.rpartition(":")
    if place and name.isidentifier() and (loading.is_file(place) or not _has_space(place)):
        return _has_space(reference) and not Path(place).is_file()
    return _has_space(reference)


def parse(reference: str, folder: Path | None = None) -> CommandLine:
    """Read a command line that is started in `folder`, by default the working directory.

    Raises BadInput, which says what is wrong with it.
    """
    folder = folder or Path()
    words = [reference] if (folder / reference).is_file() else _split(reference)
    variables = {}
    while words and "=" in words[0] and words[0].partition("=")[0].isidentifier():
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    if not words:
        raise BadInput(f"The command {reference!r} has no program.")
    first, *rest = words
    if first.endswith(".py"):
        script = _check_script(first, reference, folder)
        return CommandLine(variables=variables, script=script, arguments=tuple(rest))
    if _is_python(first):
        return _parse_python(rest, reference, folder, _find_interpreter(first, reference), variables)
    return _parse_installed(first, rest, variables, reference)


def label_all(references: Sequence[str]) -> list[str]:
    """Return the shortest labels that tell command lines apart: the words in which they differ.

    An option is named with its value. If the words do not suffice, the whole command line is the label.
    """
    lines = [reference.split() for reference in references]
    start = 0
    while all(len(line) > start for line in lines) and len({line[start] for line in lines}) == 1:
        start += 1
    end = 0
    while all(len(line) > start + end for line in lines) and len({line[-1 - end] for line in lines}) == 1:
        end += 1
    if len(lines) == 1 or any(line == lines[0] for line in lines[1:]):
        return [Path(line[0]).name if len(line) == 1 else " ".join(line) for line in lines]
    if start and lines[0][start - 1].startswith("-") and "=" not in lines[0][start - 1]:
        start -= 1
    short = [" ".join(line[start : len(line) - end]) for line in lines]
    labels = [
        own or " ".join(line[:start]) or reference
        for own, line, reference in zip(short, lines, references, strict=True)
    ]
    return labels if len(set(labels)) == len(labels) else list(references)


def _has_space(text: str) -> bool:
    return any(character.isspace() for character in text.strip())


def _split(reference: str) -> list[str]:
    try:
        return shlex.split(reference)
    except ValueError as error:
        raise BadInput(f"The command {reference!r} cannot be split into words: {error}.") from None


def _is_python(word: str) -> bool:
    name = Path(word).name
    return name.startswith(("python", "pypy")) and not name.endswith(".py")


def _find_program(word: str) -> str | None:
    return shutil.which(str(Path(word).expanduser()) if word.startswith("~") else word)


def _find_interpreter(word: str, reference: str) -> str:
    found = _find_program(word)
    if found is None:
        raise BadInput(f"The command {reference!r}: there is no interpreter {word!r}.")
    path = str(Path(found).absolute())  # not resolved: the interpreter of a virtual environment is a link
    version = _ask_version(path)
    if version is None:
        raise BadInput(f"The command {reference!r}: {word!r} does not run as a Python interpreter.")
    if version < OLDEST:
        shown = ".".join(map(str, version))
        raise BadInput(f"The command {reference!r}: {word!r} is Python {shown}, and harness measures 3.10 or later.")
    return path


@cache
def _ask_version(interpreter: str) -> tuple[int, ...] | None:
    """Return the first two numbers of an interpreter's version; None if it does not answer."""
    ask = [interpreter, "-c", "import sys; print(sys.version_info[0], sys.version_info[1])"]
    try:
        done = subprocess.run(ask, check=True, capture_output=True, text=True, timeout=ANSWER_SECONDS)
        return tuple(map(int, done.stdout.split()))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _parse_python(
    words: list[str], reference: str, folder: Path, interpreter: str, variables: dict[str, str]
) -> CommandLine:
    flags: list[str] = []
    while words and words[0].startswith("-") and words[0] not in ("-m", "-c", "-"):
        flags.append(words.pop(0))
        if flags[-1] in _TAKES_VALUE and words:
            flags.append(words.pop(0))
    if not words or words[0] in ("-c", "-"):
        raise BadInput(f"The command {reference!r} names no program: give a script, or a module with -m.")
    line = CommandLine(interpreter=interpreter, flags=tuple(flags), variables=variables)
    if words[0] == "-m":
        if len(words) < 2:
            raise BadInput(f"The command {reference!r} names no module after -m.")
        return replace(line, module=words[1], arguments=tuple(words[2:]))
    return replace(line, script=_check_script(words[0], reference, folder), arguments=tuple(words[1:]))


def _check_script(word: str, reference: str, folder: Path) -> str:
    script = Path(word).expanduser()
    path = folder / script
    if not path.exists():
        raise BadInput(f"The command {reference!r}: there is no file {word!r}.")
    if path.is_dir() and not (path / "__main__.py").is_file():
        raise BadInput(f"The command {reference!r}: {word!r} is a folder without a __main__.py.")
    return str(script)


def _parse_installed(word: str, rest: list[str], variables: dict[str, str], reference: str) -> CommandLine:
    """Read a command that was installed with a Python package: its first line names the interpreter."""
    found = _find_program(word)
    if found is None:
        raise BadInput(f"The command {reference!r}: there is no program {word!r}.")
    with Path(found).open("rb") as file:
        first = file.read(_SHEBANG_BYTES).partition(b"\n")[0].decode(errors="replace").strip()
    interpreter = shlex.split(first[2:]) if first.startswith("#!") else []
    if interpreter[:1] and Path(interpreter[0]).name == "env":
        interpreter = interpreter[1:]
    if not interpreter or not _is_python(interpreter[0]):
        raise BadInput(f"The command {reference!r}: {word!r} is not a Python program, and harness measures no others.")
    return CommandLine(
        interpreter=_find_interpreter(interpreter[0], reference),
        flags=tuple(interpreter[1:]),
        variables=variables,
        script=found,
        arguments=tuple(rest),
    )
