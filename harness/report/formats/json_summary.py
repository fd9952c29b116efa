"""The summary as JSON, for other programs."""

from collections.abc import Iterator

from harness.report.layouts.contents import Contents


class JsonSummary:
    def files(self, contents: Contents) -> Iterator[tuple[str, str]]:
        yield "report.json", contents.summary.to_json().decode()


FORMAT = JsonSummary()
