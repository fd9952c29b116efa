"""Finds the places that `--epoch-at` names, among the files of each program.

Reports name a file without its folder, so `main.py:33` is a place in `old/main.py` for one arm and in `new/main.py` for
another one.
"""

import difflib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.catalog.command_lines import CommandLine
from harness.errors import BadInput
from harness.worker.imports import loading

_MOST_FILES = 5_000
"""The number of files at which the search of a folder ends: it is not the folder of a program."""
_SHOWN = 5
"""How many files a sentence lists at most."""
_SKIPPED = {"__pycache__", "site-packages", "dist-packages", "node_modules", "build", "dist"}


def resolve(places: Sequence[str], lines: Sequence[CommandLine]) -> list[tuple[str, ...]]:
    """Return the places at which the epochs of each program end, with absolute paths.

    A file is that of this path, or one below the program's own folder whose path ends like that. A place that only some
    of the programs have is one of theirs. Raises BadInput for what is no place, in no program, or in several files.
    """
    own = [_list_sources(line) if places else [] for line in lines]
    found = [[_resolve(place, line, files) for line, files in zip(lines, own, strict=True)] for place in places]
    for place, each in zip(places, found, strict=True):
        if lines and not any(each):
            raise BadInput(_describe_missing(place, [file for files in own for file in files]))
    return [tuple(dict.fromkeys(each[number] for each in found if each[number])) for number in range(len(lines))]


def check(place: str) -> tuple[str, str]:
    """Return the file or module of a place, and the line or function in it. Raises BadInput if that is no place."""
    where, _, name = place.rpartition(":")
    if not where or not (name.isdigit() or all(part.isidentifier() for part in name.split("."))):
        raise BadInput(
            f"--epoch-at must be file.py:LINE, file.py:Class.method or package.module:Class.method, not {place!r}."
        )
    if not loading.is_file(where) and name.isdigit():
        raise BadInput(f"--epoch-at {place}: a line needs the path of its file, such as train.py:{name}.")
    return where, name


def _resolve(place: str, line: CommandLine, own: Sequence[Path]) -> str:
    """Return a place of one program; empty if it has none of this name."""
    where, name = check(place)
    if not loading.is_file(where):
        return place
    path = loading.file(where).absolute()
    if path in own or not own:
        return f"{path}:{name}" if path.is_file() else ""
    top = _find_folder(line) / where
    ending = Path(where).parts
    matches = [top] if top in own else [file for file in own if file.parts[-len(ending) :] == ending]
    if len(matches) > 1:
        of = line.script or line.module
        raise BadInput(f"--epoch-at {place}: {where!r} may be {_list_shown(matches)} of {of!r}: give more of its path.")
    if matches:
        return f"{matches[0]}:{name}"
    return f"{path}:{name}" if path.is_file() else ""


def _find_folder(line: CommandLine) -> Path:
    """Return the folder of a program's own files: that of its script, or of its package."""
    if line.script:
        script = Path(line.script).expanduser().absolute()
        return script if script.is_dir() else script.parent
    place = Path(*(line.module or "").split(".")[:1]).absolute()
    return place if place.is_dir() else place.parent


def _list_sources(line: CommandLine) -> list[Path]:
    """Return the sources in a program's folder and below, without installed packages; none of an installed program."""
    if line.script and not (line.script.endswith(".py") or Path(line.script).is_dir()):
        return []
    return list(_walk(_find_folder(line)))


def _walk(top: Path) -> Iterator[Path]:
    seen = 0
    for folder, inner, names in os.walk(top):
        inner[:] = sorted(name for name in inner if not _is_skipped(Path(folder, name)))
        seen += len(names)
        if seen > _MOST_FILES:
            return
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(".py"))


def _is_skipped(folder: Path) -> bool:
    """Whether a folder has no source of the program: it is hidden, or an environment with installed packages."""
    return folder.name in _SKIPPED or folder.name.startswith(".") or (folder / "pyvenv.cfg").is_file()


def _describe_missing(place: str, own: Sequence[Path]) -> str:
    where, _ = check(place)
    by_name = {file.name: file for file in own}
    near = difflib.get_close_matches(Path(where).name, by_name, _SHOWN, cutoff=0.4) or list(by_name)
    has = f": they have {_list_shown([by_name[name] for name in near])}" if near else ""
    return f"--epoch-at {place}: there is no file {where!r}, nor one of that name beside the programs{has}."


def _list_shown(files: Sequence[Path]) -> str:
    here = Path.cwd()
    shown = [str(file.relative_to(here) if file.is_relative_to(here) else file) for file in dict.fromkeys(files)]
    *rest, last = [*shown[:_SHOWN], *(["others"] if len(shown) > _SHOWN else [])]
    return f"{', '.join(rest)} or {last}" if rest else last
