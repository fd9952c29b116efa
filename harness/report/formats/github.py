"""Output of a gate for GitHub Actions: annotations, and a job summary.

Commands and escaping follow GitHub's documentation, "Workflow commands for GitHub Actions".
"""

import os
import sys
from pathlib import Path

from harness.report.sections import gate
from harness.report.summary import Summary

_TITLE = "harness gate"


def report(summary: Summary, directory: Path) -> None:
    """Does nothing outside a workflow. An error here never fails a gate."""
    if summary.gate is None:
        return
    if os.environ.get("GITHUB_ACTIONS") == "true":
        failures = [("error", f"{arm.name} failed {arm.reason}") for arm in summary.arms if arm.status == "failed"]
        for level, text in [*failures, *gate.lines(summary.gate)]:
            # The runner reads both streams, and standard output may hold JSON.
            print(annotation(level, text), file=sys.stderr)
    place = os.environ.get("GITHUB_STEP_SUMMARY")
    if place:
        try:
            with Path(place).open("a", encoding="utf-8") as file:
                file.write(f"{(directory / 'gate.md').read_text(encoding='utf-8')}\n")
        except OSError as error:
            print(f"harness: the step's summary could not be written: {error.strerror}.", file=sys.stderr)


def annotation(level: str, text: str) -> str:
    """A workflow command that annotates the run."""
    return f"::{level} title={_escape(_TITLE).replace(':', '%3A').replace(',', '%2C')}::{_escape(text)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
