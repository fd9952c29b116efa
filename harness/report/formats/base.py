"""What a format of reports offers, and which there are."""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from harness.errors import BadInput
from harness.suggest import nearest

if TYPE_CHECKING:
    from harness.report.layouts.contents import Contents

CHARTS = "charts"
"""The folder of the pictures that a report shows."""


class Format(Protocol):
    """Makes files of what a report shows."""

    def files(self, contents: "Contents") -> Iterator[tuple[str, str]]:
        """Each file's path, from the record's directory, and its text."""


FORMATS: dict[str, str | Format] = {
    "md": "harness.report.formats.markdown:FORMAT",
    "html": "harness.report.formats.page:FORMAT",
    "csv": "harness.report.formats.spreadsheet:FORMAT",
    "json": "harness.report.formats.json_summary:FORMAT",
}
"""By the name that `--format` takes: an object or, where loading it takes long, `module:object`. A new one is a line
here."""
USUAL = "md,html,csv"
"""What every run leaves behind."""


def parse(wanted: str) -> list[str]:
    """Formats as a user lists them, such as `html,md`. Raises BadInput for what is none."""
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
