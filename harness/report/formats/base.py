"""The interface of a report format, and the list of formats."""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from harness.errors import BadInput
from harness.suggest import nearest

if TYPE_CHECKING:
    from harness.report.layouts.contents import Contents

CHARTS = "charts"
"""The folder for a report's pictures."""


class Format(Protocol):
    """Turns the contents of a report into files."""

    def files(self, contents: "Contents") -> Iterator[tuple[str, str]]:
        """The path of each file, relative to the record's directory, and its text."""


FORMATS: dict[str, str | Format] = {
    "md": "harness.report.formats.markdown:FORMAT",
    "html": "harness.report.formats.page:FORMAT",
    "csv": "harness.report.formats.spreadsheet:FORMAT",
    "json": "harness.report.formats.json_summary:FORMAT",
}
"""The formats by the name that `--format` takes: an object, or `module:object` if it is slow to import.

A new format is one line here.
"""
DEFAULT = "md,html,csv"
"""The formats that every run writes."""


def parse(wanted: str) -> list[str]:
    """Parse a list of formats, such as `html,md`. Raises BadInput for a name that is no format."""
    found = [name.strip().lower() for name in wanted.split(",")]
    for name in found:
        if name not in FORMATS:
            raise BadInput(f"There is no format {name!r}: {nearest(name, FORMATS)}")
    return list(dict.fromkeys(found))


def load(name: str) -> Format:
    found = FORMATS[name]
    if not isinstance(found, str):
        return found
    module, _, attribute = found.partition(":")
    loaded: Format = getattr(import_module(module), attribute)
    return loaded
