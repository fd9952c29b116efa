"""The files next to a record that Perfetto and speedscope open."""

import re
from collections.abc import Sequence
from pathlib import Path

from harness.record.schema import TIMELINE

_LONGEST = 60
"""Maximum length of an arm's part of a file's name."""


def name_lines_file(labels: Sequence[str], label: str) -> str:
    """Return the name of the file with the timeline of an arm's lines, in a run of the arms `labels`."""
    if len(labels) == 1:
        return "lines.json"
    short = [re.sub(r"[^\w.+]+", "-", one, flags=re.ASCII).strip("-.")[:_LONGEST] or "arm" for one in labels]
    place = labels.index(label)
    alike = len({one.casefold() for one in short}) < len(short)
    return f"lines-{place}-{short[place]}.json" if alike else f"lines-{short[place]}.json"


def find_drawings(directory: Path) -> list[str]:
    """Return the names of these files in a run's directory."""
    names = sorted(file.name for file in directory.glob("lines*.json"))
    return [TIMELINE, *names] if (directory / TIMELINE).is_file() else names
